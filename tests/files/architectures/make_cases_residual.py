#!/usr/bin/env python3
"""Writes cases_residual.json.gz: as make_cases.py does, for timm's residual networks and their kin, put
together small of timm's own classes, so that every way of building is in a case of few weights.

An argument keeps to the cases whose names contain it and only prints them.
Usage: make_cases_residual.py [PART OF A NAME]
"""
from functools import partial

import make_cases
from make_cases import in_timm
from timm.layers import BatchNormAct2d, BlurPool2d, EvoNorm2dS0, EvoNorm2dS0a, GroupNormAct, StdConv2d, create_conv2d, get_attn
from timm.models import byobnet, cspnet, dla, dpn, hrnet, nfnet, regnet, resnest, resnet, resnetv2, senet
from timm.models import densenet, res2net, selecsls, sknet, tresnet, vgg, vovnet, xception_aligned
from torch import nn

BASIC, DEEP = resnet.BasicBlock, resnet.Bottleneck
WIDTHS = (16, 24, 40, 64)


def residual(block=BASIC, **options):
    options = {"channels": WIDTHS, "num_classes": 10, **options}
    return lambda: resnet.ResNet(block, (1, 2, 1, 1), **options)


def deep_stem(**options):
    return dict(stem_type="deep", stem_width=8, avg_down=True, **options)


def byob(blocks, **options):
    blocks = tuple(byobnet.ByoBlockCfg(**block) for block in blocks)
    return lambda: byobnet.ByobNet(byobnet.ByoModelCfg(blocks=blocks, **options), num_classes=10)


def stages(kind, first, **options):
    return [dict(type=kind, d=2 if i == 1 else 1, c=c, s=first if i == 0 else 2, **options) for i, c in enumerate((32, 48, 64, 96))]


def regular(**options):
    options = {"depth": 6, "w0": 24, "wa": 12.0, "wm": 1.5, "group_size": 8, **options}
    return lambda: regnet.RegNet(regnet.RegNetCfg(**options), num_classes=10)


def normless(**options):
    options = {"depths": (1, 2, 1, 1), "channels": (32, 48, 64, 64), "stem_chs": 32, "bottle_ratio": 0.5, **options}
    return lambda: nfnet.NormFreeNet(nfnet.NfCfg(**options), num_classes=10)


def cross_stage(stem, **options):
    options = {"depth": (1, 2, 1, 1), "out_chs": (24, 32, 48, 64), **options}
    activation = "silu" if options.get("stage_type") == "cs3" else "leaky_relu"
    make = lambda: cspnet.CspModelCfg(stem=cspnet.CspStemCfg(**stem), stages=cspnet.CspStagesCfg(**options), act_layer=activation)
    return lambda: cspnet.CspNet(make(), num_classes=10)


def high_resolution():
    stage = lambda count: dict(num_modules=1, num_branches=count, block_type="BASIC", num_blocks=(1,) * count,
                               num_channels=tuple(8 << i for i in range(count)), fuse_method="SUM")
    first = dict(num_modules=1, num_branches=1, block_type="BOTTLENECK", num_blocks=(1,), num_channels=(16,), fuse_method="SUM")
    return hrnet.HighResolutionNet(dict(stem_width=16, stage1=first, stage2=stage(2), stage3=stage(3), stage4=stage(4)), num_classes=10)


def trees(levels, **options):
    channels = (8, 16, 32, 32, 64, 64)
    return lambda: dla.DLA(levels, channels, num_classes=10, **options)


def xception(before):
    last = {} if before else {"start_with_relu": False}
    cfg = [dict(in_chs=64, out_chs=32, stride=2), dict(in_chs=32, out_chs=48, stride=2), dict(in_chs=48, out_chs=64, stride=2),
           *[dict(in_chs=64, out_chs=64, stride=1) for _ in range(8)], dict(in_chs=64, out_chs=(64, 80, 80), stride=2),
           dict(in_chs=80, out_chs=(80, 80, 96), stride=1, no_skip=True, **last)]
    norm = nn.BatchNorm2d if before else partial(nn.BatchNorm2d, eps=1e-3)
    return lambda: xception_aligned.XceptionAligned(cfg, num_classes=10, preact=before, norm_layer=norm)


def select(**options):
    blocks = [(32, 0, 16, 16, True, 2), (16, 16, 16, 24, False, 1), (24, 0, 24, 24, True, 2), (24, 24, 24, 32, False, 1)]
    cfg = dict(block=selecsls.SelecSlsBlock, features=blocks, head=[(32, 40, 3, 2), (40, 48, 3, 1), (48, 48, 3, 2), (48, 40, 1, 1)],
               num_features=40, feature_info=[])
    return selecsls.SelecSls(cfg, num_classes=10)


def one_shot(depthwise):
    cfg = dict(stem_chs=[16, 16, 24], stage_conv_chs=[24, 24, 32, 32] if not depthwise else [32, 40, 48, 56],
               stage_out_chs=[32, 40, 48, 64], layer_per_block=2, block_per_stage=[1, 1, 1 if depthwise else 2, 1],
               residual=True, depthwise=depthwise, attn="ese")
    return lambda: vovnet.VovNet(cfg, num_classes=10)


def former(**options):
    options = {"channels": (32, 64, 64, 128), "num_classes": 10, **options}
    return lambda: resnetv2.ResNetV2([1, 2, 1, 1], **options)


STEM3 = dict(out_chs=(8, 16), kernel_size=3, stride=2, pool="")
BATCH = dict(conv_layer=create_conv2d, norm_layer=BatchNormAct2d)
SE = partial(get_attn("se"), rd_ratio=0.25)

# Name, identifier, network, side, and the name it goes by where tensors are not enough.
CASES = [
    ("resnet, blurred", "resnet", residual(aa_layer=BlurPool2d), 65, "resnetblur10"),
    ("resnet, deep stem, averaged strides, squeezed, grouped", "resnet",
     residual(DEEP, cardinality=4, base_width=8, aa_layer=nn.AvgPool2d, block_args=dict(attn_layer="se"), **deep_stem()), 66,
     "seresnextaa14d_4x8d"),
    ("resnet, tiered stem, attention along channels", "resnet",
     residual(DEEP, stem_type="deep_tiered", stem_width=16, avg_down=True, block_args=dict(attn_layer="eca")), 65, "ecaresnet14t"),
    ("resnet, group norm", "resnet", residual(channels=(32, 32, 64, 64), norm_layer="groupnorm"), 64, "resnet10_gn"),
    ("resnet, a convolution for the pool", "resnet",
     residual(DEEP, replace_stem_pool=True, block_args=dict(attn_layer=SE), **deep_stem()), 64, "resnetrs14"),
    ("resnet, wide shortcuts, narrow first layers", "resnet",
     residual(DEEP, cardinality=8, base_width=16, down_kernel_size=3, block_reduce_first=2, stem_type="deep", stem_width=8,
              block_args=dict(attn_layer="se")), 64, "senet14"),
    ("res2net", "resnet", residual(res2net.Bottle2neck, base_width=26, block_args=dict(scale=4)), 65, None),
    ("res2next", "resnet", residual(res2net.Bottle2neck, base_width=16, cardinality=4, block_args=dict(scale=4)), 64, None),
    ("resnest", "resnet", residual(resnest.ResNestBottleneck, block_args=dict(radix=2, avd=True, avd_first=False), **deep_stem()), 64,
     "resnest14d"),
    ("resnest, grouped", "resnet",
     residual(resnest.ResNestBottleneck, base_width=40, cardinality=2, channels=(32, 32, 64, 64),
              block_args=dict(radix=4, avd=True, avd_first=True), **deep_stem()), 65, "resnest14d_4s2x40d"),
    ("skresnet", "resnet", residual(sknet.SelectiveKernelBasic, block_args=dict(sk_kwargs=dict(split_input=True)), zero_init_last=False),
     64, None),
    ("skresnext", "resnet", residual(sknet.SelectiveKernelBottleneck, cardinality=4, base_width=8,
                                     block_args=dict(sk_kwargs=dict(split_input=False)), zero_init_last=False), 64, None),
    ("senet", "senet", lambda: senet.SENet(senet.SEResNetBottleneck, (1, 1, 1, 1), 1, 16, num_classes=10), 66, None),
    ("senet, grouped", "senet", lambda: senet.SENet(senet.SEResNeXtBottleneck, (1, 1, 1, 1), 32, 16, num_classes=10), 65, None),
    ("regnet x", "regnet", regular(), 64, None),
    ("regnet y", "regnet", regular(se_ratio=0.25), 65, None),
    ("regnet v", "regnet", regular(se_ratio=0.25, preact=True, act_layer="silu"), 64, None),
    ("regnet v, averaged shortcuts", "regnet", regular(se_ratio=0.25, preact=True, act_layer="silu", downsample="avg"), 65, None),
    ("regnet z", "regnet", regular(bottle_ratio=2.0, se_ratio=0.25, downsample=None, linear_out=True, num_features=64, act_layer="silu"),
     64, None),
    ("gernet", "byobnet", byob([dict(type="basic", d=1, c=16, s=2, gs=0, br=1.0), dict(type="bottle", d=2, c=32, s=2, gs=0, br=0.25),
                                dict(type="bottle", d=1, c=32, s=2, gs=1, br=3.0), dict(type="bottle", d=1, c=48, s=2, gs=1, br=3.0),
                                dict(type="bottle", d=2, c=48, s=1, gs=1, br=3.0)], stem_chs=13, stem_pool=None, num_features=64), 64, None),
    ("repvgg", "byobnet", byob(stages("rep", 2, gs=0), stem_type="rep", stem_chs=16), 64, None),
    ("mobileone", "byobnet", byob(stages("one", 2, gs=0, block_kwargs=dict(num_conv_branches=2)), stem_type="one", stem_chs=16), 65, None),
    ("tiered stem, pooled", "byobnet",
     byob(stages("bottle", 1, gs=4, br=0.25), stem_chs=32, stem_type="tiered", stem_pool="maxpool", act_layer="silu", attn_layer="se"), 64,
     "seresnext26ts"),
    ("tiered stem, global context", "byobnet",
     byob(stages("bottle", 1, gs=0, br=0.25), stem_chs=32, stem_type="tiered", stem_pool="", act_layer="silu", attn_layer="gca"), 65,
     "gcresnet33ts"),
    ("tiered stem, rectified", "byobnet",
     byob(stages("bottle", 1, br=0.25), stem_chs=32, stem_type="tiered", stem_pool="", attn_layer="gca"), 64, "gcresnet50t"),
    ("quadruple stem", "byobnet",
     byob([dict(type="edge", d=1, c=32, s=1, gs=0, br=1.0, block_kwargs={}), *stages("bottle", 2, gs=8, br=0.5)[1:]], stem_chs=32,
          stem_type="quad2", stem_pool=None, num_features=64, act_layer="silu", block_kwargs=dict(extra_conv=True)), 64, "resnet61q"),
    ("regnet z, in byobnet", "byobnet",
     byob(stages("bottle", 1, gs=8, br=2), stem_chs=16, stem_type="tiered", stem_pool="", downsample="", num_features=64,
          act_layer="silu", attn_layer="se", attn_kwargs=dict(rd_ratio=0.25), block_kwargs=dict(bottle_in=True, linear_out=True)), 64,
     "regnetz_d8"),
    ("clip's resnet, averaged", "byobnet",
     byob(stages("bottle", 1, br=0.25), stem_chs=(16, 16, 24), stem_type="", stem_pool="avg2", downsample="avg", aa_layer="avg"), 66,
     "resnet50_clip_gap"),
    ("resnetv2", "resnetv2", former(**BATCH), 64, None),
    ("resnetv2, deep stem, basic blocks", "resnetv2", former(basic=True, bottle_ratio=1.0, stem_type="deep", avg_down=True, stem_chs=16,
                                                             channels=(16, 24, 32, 48), **BATCH), 65, None),
    ("resnetv2, group norm", "resnetv2", former(norm_layer=GroupNormAct, conv_layer=create_conv2d, stem_type="deep", avg_down=True,
                                                bottle_ratio=0.5, channels=(64, 64, 64, 128)), 64, "resnetv2_50d_gn"),
    ("big transfer", "resnetv2", former(stem_type="fixed", conv_layer=partial(StdConv2d, eps=1e-8), bottle_ratio=0.5,
                                        channels=(64, 64, 64, 128)), 64, "resnetv2_50x1_bit"),
    ("resnetv2, evonorm", "resnetv2", former(norm_layer=EvoNorm2dS0, conv_layer=create_conv2d, stem_type="deep", avg_down=True,
                                             bottle_ratio=0.5, channels=(64, 64, 64, 128)), 64, "resnetv2_50d_evos"),
    ("regnet z, evonorm", "byobnet",
     byob([dict(type="bottle", d=1, c=c, s=2, gs=16, br=2) for c in (32, 48, 64, 96)], stem_chs=32, stem_pool="", downsample="",
          num_features=64, act_layer="silu", norm_layer=partial(EvoNorm2dS0a, group_size=16), attn_layer="se",
          attn_kwargs=dict(rd_ratio=0.25), block_kwargs=dict(bottle_in=True, linear_out=True)), 64, "regnetz_c16_evos"),
    ("hrnet", "hrnet", high_resolution, 64, None),
    ("nfnet of deepmind", "nfnet", normless(stem_type="deep_quad", group_size=16, extra_conv=True, gamma_in_act=True, same_padding=True,
                                            skipinit=True, num_features=96, act_layer="gelu", attn_layer="se",
                                            attn_kwargs=dict(rd_ratio=0.5)), 65, "dm_nfnet_f0"),
    ("nfnet, light", "nfnet", normless(stem_type="deep_quad", group_size=8, extra_conv=True, num_features=96, act_layer="silu",
                                       attn_layer="eca", attn_kwargs={}), 64, "eca_nfnet_l0"),
    ("nf resnet", "nfnet", normless(stem_type="7x7_pool", act_layer="relu"), 64, "nf_resnet26"),
    ("nf regnet", "nfnet", normless(stem_type="3x3", group_size=8, bottle_ratio=2.25, num_features=96, reg=True, attn_layer="se",
                                    attn_kwargs=dict(rd_ratio=0.5)), 65, "nf_regnet_b0"),
    ("cs3darknet", "cspnet", cross_stage(STEM3, bottle_ratio=1.0, block_ratio=0.5, stage_type="cs3", block_type="dark"), 64, None),
    ("cs3edgenet, focused, squeezed", "cspnet",
     cross_stage(dict(out_chs=16, kernel_size=6, stride=2, padding=2, pool=""), bottle_ratio=1.5, block_ratio=0.5, attn_layer="se",
                 attn_kwargs=dict(rd_ratio=0.25), stage_type="cs3", block_type="edge"), 64, None),
    ("cspresnext", "cspnet", cross_stage(dict(out_chs=16, kernel_size=7, stride=4, pool="max"), stride=(1, 2), groups=4, expand_ratio=1.0,
                                         bottle_ratio=1.0, block_ratio=0.5, cross_linear=True), 64, None),
    ("cspdarknet", "cspnet", cross_stage(dict(out_chs=8, kernel_size=3, stride=1, pool=""), expand_ratio=(2.0, 1.0), bottle_ratio=(0.5, 1.0),
                                         block_ratio=(1.0, 0.5), down_growth=True, block_type="dark"), 64, None),
    ("darknet", "cspnet", cross_stage(dict(out_chs=8, kernel_size=3, stride=1, pool=""), bottle_ratio=0.5, block_ratio=1.0, stage_type="dark",
                                      block_type="dark"), 64, None),
    ("darknet, averaged", "cspnet", cross_stage(dict(out_chs=8, kernel_size=3, stride=1, pool=""), bottle_ratio=0.5, block_ratio=1.0,
                                                avg_down=True, stage_type="dark", block_type="dark"), 64, None),
    ("dla", "dla", trees((1, 1, 1, 2, 2, 1), block=dla.DlaBasic), 64, None),
    ("dla, deep trees", "dla", trees((1, 1, 1, 3, 2, 1), block=dla.DlaBottleneck, cardinality=4, base_width=16, shortcut_root=True), 64, None),
    ("dla of res2net", "dla", trees((1, 1, 1, 2, 2, 1), block=dla.DlaBottle2neck, cardinality=1, base_width=32), 64, None),
    ("dpn", "dpn", lambda: dpn.DPN((1, 2, 1, 1), (4, 8, 8, 8), k_r=32, groups=4, small=True, num_init_features=8, num_classes=10), 64, None),
    ("dpn, other ends", "dpn", lambda: dpn.DPN((1, 2, 1, 1), (4, 8, 8, 8), k_r=32, groups=4, small=True, num_init_features=8, b=True,
                                               num_classes=10), 64, None),
    ("densenet, deep stem, blurred", "densenet",
     lambda: densenet.DenseNet(8, (2, 3, 2, 2), stem_type="deep", aa_layer=BlurPool2d, aa_stem_only=True, num_classes=10), 64,
     "densenetblur121d"),
    ("vgg, convolutional head", "vgg11", lambda: vgg.VGG([8, "M", 16, "M", 16, 16, "M", 24, 24, "M", 24, 24, "M"], num_classes=10), 64, None),
    ("tresnet", "tresnet", lambda: tresnet.TResNet([1, 2, 1, 1], num_classes=10, width_factor=0.25), 64, None),
    ("tresnet v2", "tresnet", lambda: tresnet.TResNet([1, 2, 1, 1], num_classes=10, width_factor=0.25, v2=True), 64, None),
    ("xception, aligned", "xception-aligned", xception(False), 64, None),
    ("xception, aligned, norms first", "xception-aligned", xception(True), 65, None),
    ("selecsls", "selecsls", select, 64, None),
    ("vovnet", "vovnet", one_shot(False), 64, None),
    ("vovnet of depthwise convolutions", "vovnet", one_shot(True), 65, None),
]


def cases():
    plain = lambda key: key
    found = [(name, identifier, make, side, False, plain, 3, called or False) for name, identifier, make, side, called in CASES]
    for name in ("inception_v4", "inception_resnet_v2", "legacy_xception"):
        identifier = name.replace("legacy_", "").replace("_", "-")
        found.append((f"{name} in timm", identifier, in_timm(name), 107, True, plain, 3, False))
    return found


if __name__ == "__main__":
    make_cases.main(cases(), "cases_residual.json.gz")
