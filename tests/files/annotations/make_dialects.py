#!/usr/bin/env python3
"""Writes dialects/, annotations of one 64 × 48 picture as programs write them, and dialects/expected.json: the
share of the picture that the objects cover, by the areas of their outlines, pycocotools and Pillow, and words
that are said of what is odd.

Needs numpy, Pillow and pycocotools.
"""
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco

HERE = Path(__file__).parent / "dialects"
HEIGHT, WIDTH = 48, 64
EXPECTED = {}
BOX = [16, 8, 32, 16]
SHARE = BOX[2] * BOX[3] / (HEIGHT * WIDTH)
TRIANGLE = [[16, 8], [48, 8], [16, 40]]


def write(name, content, share, says=()):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    EXPECTED[name] = {"share": share, "says": list(says)}


def area(points):
    """By the shoelace formula."""
    x, y = np.array(points, float).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2 / (HEIGHT * WIDTH)


def write_coco():
    image = {"id": 1, "file_name": "cat.png", "height": HEIGHT, "width": WIDTH}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX, "iscrowd": 0}
    triangle = [float(v) for point in TRIANGLE for v in point]

    def file(name, objects, share=SHARE, says=(), **change):
        changed = {k: v for k, v in {**image, **change}.items() if v is not None}
        names = [{"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}]
        text = json.dumps({"images": [changed], "annotations": objects, "categories": names})
        write(f"coco/{name}.json", text, share, says)

    skipped = "2 of 3 entries skipped"
    file("text_ids", [{**box, "image_id": "1"}], id="1")
    file("names_as_ids", [{**box, "image_id": "cat"}], id="cat")
    file("float_ids", [{**box, "image_id": 1.0, "category_id": 1.0}])
    file("crowd_as_bool", [{**box, "iscrowd": True}])
    file("no_sizes", [box], height=None, width=None)
    file("sizes_of_zero", [box], height=0, width=0)
    file("sizes_as_text", [box], height=f"{HEIGHT}", width=f"{WIDTH}.0")
    file("address_alone", [box], file_name=None, coco_url="http://x.org/v/cat.png?key=1")
    file("windows_path", [box], file_name="..\\..\\media\\cat.png")
    file("empty_box_with_polygon", [{**box, "bbox": [], "segmentation": [triangle]}], area(TRIANGLE))
    file("flat_polygon", [{**box, "segmentation": triangle}], area(TRIANGLE))
    file("polygon_without_size", [{**box, "segmentation": [triangle]}], area(TRIANGLE), height=None)
    file("empty_polygons", [{**box, "segmentation": [[]]}])
    file("orphan", [box, {**box, "image_id": 77}, None], says=[skipped, "there is no image 77"])
    file("odd_boxes", [{**box, "bbox": [3, 3, 0, 0]}, box, {**box, "bbox": [1, 2, 3]}], says=[skipped])
    file("nan", [{**box, "area": float("nan")}], says=["NaN"])
    ring = np.zeros((HEIGHT, WIDTH), np.uint8)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    ring[np.abs(np.hypot(rows - 24, columns - 30) - 12) < 5] = 1
    runs = coco.encode(np.asfortranarray(ring))
    runs["counts"] = runs["counts"].decode()
    file("runs", [{**box, "segmentation": runs}], float(ring.mean()))
    file("runs_without_size", [{**box, "segmentation": runs}], float(ring.mean()), height=None)
    broken = {**box, "segmentation": {**runs, "size": [4, 4]}}
    file("broken_runs", [box, broken], says=["1 of 2 entries skipped"])
    shapes = [{"label": "cat", "points": TRIANGLE, "shape_type": "polygon"},
              {"label": "x", "points": [[60, 40], [62, 44]], "shape_type": "rectangle"},
              {"label": "x", "points": [[1, 1]], "shape_type": "point"}]
    labelme = {"version": "5.0", "shapes": shapes, "imagePath": "cat.png", "imageData": None,
               "imageHeight": HEIGHT, "imageWidth": WIDTH}
    write("coco/labelme.json", json.dumps(labelme), area(TRIANGLE) + 8 / (HEIGHT * WIDTH),
          ["1 of 3 entries skipped", "point"])


def write_yolo():
    box = f"{32 / WIDTH} {16 / HEIGHT} {32 / WIDTH} {16 / HEIGHT}"
    corners = " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in TRIANGLE)
    write("yolo/cat.txt", f"0 {box}\n", SHARE)
    write("yolo/tabs/cat.txt", f"0 {box}\r\n\r\n".replace(" ", "\t"), SHARE)
    write("yolo/float_class/cat.txt", f"0.0 {box}\n", SHARE)
    write("yolo/confidence/cat.txt", f"0 {box} 0.93\n", SHARE)
    write("yolo/polygon/cat.txt", f"0 {corners}\n", area(TRIANGLE))
    write("yolo/polygon_with_confidence/cat.txt", f"0 {corners} 0.9\n", area(TRIANGLE))
    write("yolo/both/cat.txt", f"0 {box}\n1 0.9 0.9 0.05 0.05\n", SHARE + 6 / (HEIGHT * WIDTH))
    turned = [[20, 4], [44, 16], [38, 28], [14, 16]]
    line = " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in turned)
    write("yolo/turned/cat.txt", f"3 {line}\n", area(turned))
    dota = " ".join(f"{x}.0 {y}.0" for x, y in turned)
    write("yolo/dota/cat.txt", f"imagesource:x\ngsd:0.1\n{dota} ship 0\n", area(turned))
    write("yolo/odd_lines/cat.txt", f"# made by hand\n0 {box}\n0 x y z w\n0 0.5 0.5 0.1\n", SHARE,
          ["2 of 3 entries skipped", "line 3: `x` is not a number"])


def write_voc():
    def objects(*all):
        edges = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
        return "".join(f"<object><name>{name}</name><bndbox>{edges.format(*box)}</bndbox></object>"
                       for name, *box in all)

    def file(name, content, share=SHARE, says=(), encoding="utf-8", head="", size=True):
        sides = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height></size>" if size else ""
        text = f"{head}<annotation><filename>cat.png</filename>{sides}{content}</annotation>"
        write(f"voc/{name}.xml", text.encode(encoding), share, says)

    one = objects(("cat", 16, 8, 48, 24))
    file("cat", one)
    file("no_size/cat", one, size=False)
    head = '<?xml version="1.0" encoding="{}"?>'.format
    file("latin1/cat", one.replace("cat", "chaté"), encoding="latin-1", head=head("ISO-8859-1"),
         says=["Windows-1252"])
    file("utf16/cat", one, encoding="utf-16", head=head("UTF-16"))
    file("utf16_bare/cat", one, encoding="utf-16-be", head=head("UTF-16BE"))
    file("odd_objects/cat", one + "<object><name>x</name></object>" + objects(("x", 9, 9, 1, 1)),
         says=["2 of 3 entries skipped", "object 2: it has no `bndbox`"])
    angle = np.arctan2(12, 24)
    turned = [[20, 4], [44, 16], [38, 28], [14, 16]]
    width, height = np.hypot(24, 12), np.hypot(6, 12)
    box = f"<cx>29</cx><cy>16</cy><w>{width}</w><h>{height}</h><angle>{angle}</angle>"
    file("turned/cat", f"<object><name>x</name><robndbox>{box}</robndbox></object>", area(turned))
    points = ";".join(f"{x:.2f},{y:.2f}" for x, y in TRIANGLE)
    image = (f'<image id="0" name="a/cat.png" width="{WIDTH}" height="{HEIGHT}">'
             f'<polygon label="cat" points="{points}"/><tag label="day"/>'
             '<box label="x" xtl="60" ytl="40" xbr="62" ybr="44"/><points label="x" points="1,2"/></image>')
    write("voc/cvat.xml", f'<?xml version="1.0"?><annotations>{image}</annotations>',
          area(TRIANGLE) + 8 / (HEIGHT * WIDTH), ["1 of 3 entries skipped", "a `points`"])


def write_tables():
    def file(name, text, share=SHARE, says=(), encoding="utf-8"):
        write(f"tables/{name}", text.encode(encoding), share, says)

    file("xywh.csv", "image,x,y,w,h\ncat.png,16,8,32,16\n")
    file("xywh_of_size.csv", f"image,x,y,width,height,image_width,image_height\ncat.png,16,8,32,16,{WIDTH},{HEIGHT}\n")
    file("centre.csv", "image,x_center,y_center,width,height\ncat.png,0.5,0.3333333,0.5,0.3333333\n")
    file("decimal_comma.csv", "image;x1;y1;x2;y2\ncat.png;16,0;8,0;48,0;24,0\n")
    file("quoted_comma.csv", 'image,x1,y1,x2,y2\ncat.png,"16,0","8,0","48,0","24,0"\n')
    file("tabs.tsv", "\ufeffimage\tx1\ty1\tx2\ty2\r\ncat.png\t16\t8\t48\t24\r\n")
    file("excel.txt", "image\tx1\ty1\tx2\ty2\r\ncat.png\t16\t8\t48\t24\r\n", encoding="utf-16")
    file("wheat.csv", f'image_id,width,height,bbox,source\ncat,{WIDTH},{HEIGHT},"[16.0, 8.0, 32.0, 16.0]",x\n',
         says=["x, y, width, height"])
    file("wheat_corners.csv", f'image_id,width,height,bbox\ncat,{WIDTH},{HEIGHT},"[48, 24, 64, 48]"\n', 384 / (HEIGHT * WIDTH),
         says=["read as x1, y1, x2, y2"])
    file("predictions.csv", "ImageId,PredictionString\ncat,n02123045 16 8 48 24 n01440764 0 40 64 48\ndog,\n", SHARE + 512 / (HEIGHT * WIDTH))
    file("no_finding.csv", "patientId,x,y,width,height,Target\ncat,16,8,32,16,1\ncat,,,,,0\n")
    file("no_header.csv", "a/cat.png,16,8,48,24,cat\n", says=["no header"])
    file("odd_rows.csv", "image,x1,y1,x2,y2\ncat.png,16,8,48,24\ncat.png,16,x,48,24\n,1,2,3,4\ncat.png,1,2\n",
         says=["3 of 4 entries skipped: line 3: `x` is not a number"])


def write_masks():
    def file(name, image, share, says=(), format="PNG", **options):
        content = io.BytesIO()
        image.save(content, format, **options)
        write(f"masks/{name}", content.getvalue(), share, says)

    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[8:24, 16:48] = 1
    half = ["parted at half"]
    soft = np.asarray(Image.fromarray(mask * 255).rotate(11, Image.BICUBIC).resize((90, 70), Image.BICUBIC).resize((WIDTH, HEIGHT), Image.LANCZOS))
    file("soft/cat.png", Image.fromarray(soft), float((soft >= 128).mean()), half)
    file("deep/cat.png", Image.fromarray(soft.astype(np.uint16) * 257), float((soft >= 128).mean()), half)
    file("jpeg/cat.jpg", Image.fromarray(mask * 255), SHARE, half, "JPEG", quality=80)
    file("twice/cat.png", Image.fromarray(np.kron(mask, np.ones((2, 2), np.uint8))), SHARE)
    alpha = np.dstack([mask * 200, mask * 10, mask * 10, mask * 255])
    file("alpha/cat.png", Image.fromarray(alpha), SHARE)
    numbers = np.arange(WIDTH, dtype=np.uint8)[None].repeat(HEIGHT, 0) // 8 * mask
    numbers[0, 0] = 255
    file("numbers/cat.png", Image.fromarray(numbers), float((numbers > 0).mean()))


for part in [write_coco, write_yolo, write_voc, write_tables, write_masks]:
    part()
(HERE / "expected.json").write_text(json.dumps(EXPECTED, indent=1, sort_keys=True) + "\n")
