"""Short definitions of networks that neither torchvision nor timm has.

Only the names of modules and the order of computation matter; the weights come from a formula.
"""
import torch.nn as nn
import torch.nn.functional as F


def conv(inputs, out, side, stride=1, groups=1, bias=False):
    return nn.Conv2d(inputs, out, side, stride, side // 2, groups=groups, bias=bias)


class OptionA(nn.Module):
    """Every other pixel, channels of zeros on both sides."""

    def __init__(self, inputs, out):
        super().__init__()
        self.missing = out - inputs

    def forward(self, x):
        before = self.missing // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, self.missing - before))


class Block(nn.Module):
    """A residual block; `norm` is the name of its norms or none, `option` A or B."""

    def __init__(self, inputs, width, stride, deep=False, option="B", norm=True, name="shortcut"):
        super().__init__()
        out = 4 * width if deep else width
        make = lambda i, o, k, s: conv(i, o, k, s, bias=not norm)
        if deep:
            layers = [make(inputs, width, 1, 1), make(width, width, 3, stride), make(width, out, 1, 1)]
        else:
            layers = [make(inputs, width, 3, stride), make(width, width, 3, 1)]
        for i, layer in enumerate(layers, 1):
            setattr(self, f"conv{i}", layer)
            if norm:
                setattr(self, f"bn{i}", nn.BatchNorm2d(layer.out_channels))
        self.count, self.norm, self.name = len(layers), norm, name
        shortcut = nn.Sequential()
        if stride != 1 or inputs != out:
            shortcut = nn.Sequential(make(inputs, out, 1, stride), *([nn.BatchNorm2d(out)] if norm else []))
            if option == "A":
                shortcut = OptionA(inputs, out)
        setattr(self, name, shortcut)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"conv{i}")(y)
            y = getattr(self, f"bn{i}")(y) if self.norm else y
            y = F.relu(y) if i < self.count else y
        return F.relu(y + getattr(self, self.name)(x))


class CifarResNet(nn.Module):
    def __init__(self, depths, width, deep=False, option="B", name="shortcut", head="linear"):
        super().__init__()
        self.conv1, self.bn1 = conv(3, width, 3), nn.BatchNorm2d(width)
        inputs, self.layers, self.head = width, len(depths), head
        for layer, depth in enumerate(depths):
            blocks = []
            for index in range(depth):
                stride = 2 if index == 0 and layer > 0 else 1
                blocks.append(Block(inputs, width << layer, stride, deep, option, name=name))
                inputs = (width << layer) * (4 if deep else 1)
            setattr(self, f"layer{layer + 1}", nn.Sequential(*blocks))
        setattr(self, head, nn.Linear(inputs, 10))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for layer in range(1, self.layers + 1):
            x = getattr(self, f"layer{layer}")(x)
        return getattr(self, self.head)(x.mean((2, 3)))


class VerificationResNet(nn.Module):
    """resnet2b with one layer of blocks, resnet4b with two."""

    def __init__(self, width, layers):
        super().__init__()
        self.conv1 = conv(3, width, 3, 2, bias=True)
        inputs, out, self.layers = width, 2 * width, layers
        for layer in range(1, layers + 1):
            blocks = [Block(inputs, out, 2, norm=False), Block(out, out, 1, norm=False)]
            setattr(self, f"layer{layer}", nn.Sequential(*blocks))
            inputs = out
        side = 32 >> (layers + 1)
        self.linear1, self.linear2 = nn.Linear(out * side * side, 100), nn.Linear(100, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        for layer in range(1, self.layers + 1):
            x = getattr(self, f"layer{layer}")(x)
        return self.linear2(F.relu(self.linear1(x.flatten(1))))


class PreActBlock(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, out, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out), conv(out, out, 3)
        if stride != 1 or inputs != out:
            self.shortcut = nn.Sequential(conv(inputs, out, 1, stride))

    def forward(self, x):
        y = F.relu(self.bn1(x))
        skipped = self.shortcut(y) if hasattr(self, "shortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + skipped


class PreActResNet(nn.Module):
    def __init__(self, depths, last_norm, width=64):
        super().__init__()
        self.conv1, inputs = conv(3, width, 3), width
        for layer, depth in enumerate(depths):
            blocks = []
            for index in range(depth):
                out = width << layer
                blocks.append(PreActBlock(inputs, out, 2 if index == 0 and layer > 0 else 1))
                inputs = out
            setattr(self, f"layer{layer + 1}", nn.Sequential(*blocks))
        self.bn = nn.BatchNorm2d(inputs) if last_norm else None
        self.linear = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        x = x if self.bn is None else F.relu(self.bn(x))
        return self.linear(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, out, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out), conv(out, out, 3)
        self.convShortcut = conv(inputs, out, 1, stride) if inputs != out else None

    def forward(self, x):
        y = F.relu(self.bn1(x))
        skipped = x if self.convShortcut is None else self.convShortcut(y)
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + skipped


class WideLayer(nn.Module):
    def __init__(self, depth, inputs, out, stride):
        super().__init__()
        blocks = [WideBlock(inputs if i == 0 else out, out, stride if i == 0 else 1) for i in range(depth)]
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, widening, unused=False, classes=10):
        super().__init__()
        blocks, widths = (depth - 4) // 6, [16 * widening << i for i in range(3)]
        self.conv1 = conv(3, 16, 3)
        self.block1 = WideLayer(blocks, 16, widths[0], 1)
        if unused:
            self.sub_block1 = WideLayer(blocks, 16, widths[0], 1)
        self.block2 = WideLayer(blocks, widths[0], widths[1], 2)
        self.block3 = WideLayer(blocks, widths[1], widths[2], 2)
        self.bn1, self.fc = nn.BatchNorm2d(widths[2]), nn.Linear(widths[2], classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class CifarVgg(nn.Module):
    """VGG for 32-pixel pictures: one linear layer."""

    def __init__(self, stages, widths=(64, 128, 256, 512, 512)):
        super().__init__()
        layers, inputs = [], 3
        for depth, out in zip(stages, widths):
            for _ in range(depth):
                layers += [conv(inputs, out, 3, bias=True), nn.BatchNorm2d(out), nn.ReLU()]
                inputs = out
            layers.append(nn.MaxPool2d(2))
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(inputs, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class SameConv(nn.Conv2d):
    """TensorFlow's padding: output = ceil(input / stride), the odd pixel at the end."""

    def forward(self, x):
        pads = []
        for side, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, groups=self.groups)


class MBConv(nn.Module):
    def __init__(self, inputs, out, side, stride, widening, lite):
        super().__init__()
        wide, norm = inputs * widening, lambda c: nn.BatchNorm2d(c, eps=1e-3)
        self.act = nn.ReLU6() if lite else nn.SiLU()
        self.widens, self.lite, self.adds = widening > 1, lite, stride == 1 and inputs == out
        if self.widens:
            self._expand_conv, self._bn0 = SameConv(inputs, wide, 1, bias=False), norm(wide)
        self._depthwise_conv = SameConv(wide, wide, side, stride, groups=wide, bias=False)
        self._bn1 = norm(wide)
        if not lite:
            narrow = max(1, inputs // 4)
            self._se_reduce, self._se_expand = SameConv(wide, narrow, 1), SameConv(narrow, wide, 1)
        self._project_conv, self._bn2 = SameConv(wide, out, 1, bias=False), norm(out)

    def forward(self, x):
        y = self.act(self._bn0(self._expand_conv(x))) if self.widens else x
        y = self.act(self._bn1(self._depthwise_conv(y)))
        if not self.lite:
            weight = self._se_expand(self.act(self._se_reduce(y.mean((2, 3), keepdim=True))))
            y = y * weight.sigmoid()
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNet(nn.Module):
    """In the spelling of lukemelas, with the scaled widths and depths of the paper."""

    ROWS = [(1, 16, 3, 1, 1), (2, 24, 3, 2, 6), (2, 40, 5, 2, 6), (3, 80, 3, 2, 6), (3, 112, 5, 1, 6),
            (4, 192, 5, 2, 6), (1, 320, 3, 1, 6)]

    def __init__(self, width, depth, lite=False):
        super().__init__()

        def scaled(channels):
            channels *= width
            rounded = max(8, int(channels + 4) // 8 * 8)
            return int(rounded + 8 if rounded < 0.9 * channels else rounded)

        norm = lambda c: nn.BatchNorm2d(c, eps=1e-3)
        self.act = nn.ReLU6() if lite else nn.SiLU()
        inputs = 32 if lite else scaled(32)
        self._conv_stem, self._bn0 = SameConv(3, inputs, 3, 2, bias=False), norm(inputs)
        blocks = []
        for stage, (count, out, side, stride, widening) in enumerate(self.ROWS):
            ends = lite and stage in (0, 6)
            for index in range(count if ends else -int(-count * depth // 1)):
                block = MBConv(inputs, scaled(out), side, stride if index == 0 else 1, widening, lite)
                blocks.append(block)
                inputs = scaled(out)
        self._blocks = nn.ModuleList(blocks)
        head = 1280 if lite else scaled(1280)
        self._conv_head, self._bn1 = SameConv(inputs, head, 1, bias=False), norm(head)
        self._fc = nn.Linear(head, 1000)

    def forward(self, x):
        x = self.act(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._fc(self.act(self._bn1(self._conv_head(x))).mean((2, 3)))


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = conv(1, 32, 3, bias=True), conv(32, 64, 3, bias=True)
        self.linear1, self.linear2 = nn.Linear(64 * 49, 200), nn.Linear(200, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.linear2(F.relu(self.linear1(x.flatten(1))))


def cnn_a():
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10))


class Named(nn.Module):
    """Convolutions `conv1` … and linear layers `fc1` …, with functions between them."""

    def __init__(self, convolutions, linear, pools):
        super().__init__()
        for i, layer in enumerate(convolutions, 1):
            setattr(self, f"conv{i}", layer)
        for i, layer in enumerate(linear, 1):
            setattr(self, f"fc{i}", layer)
        self.counts, self.pools = (len(convolutions), len(linear)), pools

    def forward(self, x):
        for i in range(1, self.counts[0] + 1):
            x = F.relu(getattr(self, f"conv{i}")(x))
            x = F.max_pool2d(x, 2) if i in self.pools else x
        x = x.flatten(1)
        for i in range(1, self.counts[1] + 1):
            x = getattr(self, f"fc{i}")(x)
            x = F.relu(x) if i < self.counts[1] else x
        return x


def plain(name):
    """Plain networks that are recognised from shapes alone."""
    C, L, R, P = nn.Conv2d, nn.Linear, nn.ReLU, lambda: nn.MaxPool2d(2)
    B = nn.BatchNorm2d
    return {
        # PyTorch's tutorial for CIFAR-10.
        "tutorial": lambda: Named([C(3, 6, 5), C(6, 16, 5)], [L(400, 120), L(120, 84), L(84, 10)], {1, 2}),
        # PyTorch's example for MNIST.
        "example": lambda: Named([C(1, 32, 3), C(32, 64, 3)], [L(9216, 128), L(128, 10)], {2}),
        # LeNet-5 for MNIST, the first convolution padded.
        "lenet": lambda: Named([C(1, 6, 5, padding=2), C(6, 16, 5)], [L(400, 120), L(120, 84), L(84, 10)], {1, 2}),
        # Madry et al.
        "challenge": lambda: Named([C(1, 32, 5, padding=2), C(32, 64, 5, padding=2)], [L(3136, 1024), L(1024, 10)], {1, 2}),
        # Carlini and Wagner.
        "carlini": lambda: nn.Sequential(C(3, 64, 3), R(), C(64, 64, 3), R(), P(), C(64, 128, 3), R(), C(128, 128, 3),
                                         R(), P(), nn.Flatten(), L(3200, 256), R(), L(256, 256), R(), L(256, 10)),
        # Wong and Kolter, large.
        "large": lambda: nn.Sequential(C(3, 32, 3, 1, 1), R(), C(32, 32, 4, 2, 1), R(), C(32, 64, 3, 1, 1), R(),
                                       C(64, 64, 4, 2, 1), R(), nn.Flatten(), L(4096, 512), R(), L(512, 512), R(), L(512, 10)),
        # Numbered modules with norms.
        "normed": lambda: nn.Sequential(C(3, 16, 3, 1, 1), B(16), R(), P(), C(16, 32, 3, 1, 1), B(32), R(), C(32, 32, 3, 1, 1),
                                        B(32), R(), P(), nn.Flatten(), L(2048, 64), R(), L(64, 10)),
        # Linear layers alone.
        "perceptron": lambda: nn.Sequential(nn.Flatten(), L(784, 100), R(), L(100, 10)),
    }[name]()


class DeepMindBlock(nn.Module):
    def __init__(self, inputs, out, stride, activation):
        super().__init__()
        self.batchnorm_0, self.batchnorm_1 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(out)
        self.conv_0 = nn.Conv2d(inputs, out, 3, stride, bias=False)
        self.conv_1 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, out, 1, stride, bias=False) if inputs != out else None
        self.activation, self.pads = activation, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1)

    def forward(self, x):
        out = self.activation(self.batchnorm_0(x))
        skipped = self.shortcut(out) if self.shortcut is not None else x
        out = self.activation(self.batchnorm_1(self.conv_0(nn.functional.pad(out, self.pads))))
        return skipped + self.conv_1(out)


class DeepMindGroup(nn.Module):
    def __init__(self, depth, inputs, out, stride, activation):
        super().__init__()
        self.block = nn.Sequential(*(DeepMindBlock(inputs if i == 0 else out, out, stride if i == 0 else 1, activation)
                                     for i in range(depth)))

    def forward(self, x):
        return self.block(x)


class DeepMindWideResNet(nn.Module):
    """WideResNet in the modules of DeepMind's adversarial robustness."""

    def __init__(self, depth, width, classes=10, activation=nn.functional.silu):
        super().__init__()
        self.init_conv = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        widths = [16, width, 2 * width, 4 * width]
        self.layer = nn.Sequential(*(DeepMindGroup(depth, widths[i], widths[i + 1], 1 + (i > 0), activation)
                                     for i in range(3)))
        self.batchnorm, self.logits = nn.BatchNorm2d(4 * width), nn.Linear(4 * width, classes)
        self.activation = activation

    def forward(self, x):
        x = self.activation(self.batchnorm(self.layer(self.init_conv(x))))
        return self.logits(x.mean((2, 3)))
