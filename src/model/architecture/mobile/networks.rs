//! The published mobile networks of timm.

use super::recipe::{
    CLIPPED, EDGE, FBNET_V3, FIVE, LCNET, MINIMAL, MINIMAL_SMALL, MIXED, MOBILE_V1, MOBILE_V3,
    MOBILE_V3_RW, MOBILE_V3_SMALL, MOBILE_V4, MOBILE_V4_AVERAGE, MOBILE_V4_BLUR, PLAIN, SIX, SPACE,
    SWISH,
};
use crate::model::architecture::family::Variant;

/// Rows of names, what a file is known by (as in dimensions), side of the pictures and thousandths
/// of the crop, by recipe; `ported` for those of TensorFlow.
macro_rules! networks {
    ($($recipe:ident $port:literal: $($id:literal [$($number:literal)*] $size:literal $crop:literal;)*)*) => {
        &[$($(
            Variant::new($id, $id, &[$recipe, $port, $($number),*]).pictures($size, $crop),
        )*)*]
    };
}

/// Of networks that the tensors don't distinguish, the one that a file without a name is taken
/// for comes first.
pub static NETWORKS: &[Variant] = networks! {
    SWISH 0:
        "efficientnet-b0" [32 320 299 129] 224 875;
        "efficientnet-b1" [32 320 427 183] 240 900;
        "efficientnet-b2" [32 352 427 183] 256 875;
        "efficientnet-b3" [40 384 484 208] 288 875;
        "efficientnet-b4" [48 448 598 258] 320 875;
        "efficientnet-b5" [48 512 726 312] 448 1000;
        "tinynet-a" [32 320 356 154] 192 875;
        "tinynet-b" [32 240 299 129] 188 875;
        "tinynet-c" [32 176 280 120] 184 875;
        "tinynet-d" [32 176 204 88] 152 875;
        "tinynet-e" [32 160 185 79] 106 875;
    SWISH 1:
        "efficientnet-b1-pruned" [32 320 427 183] 240 882;
        "efficientnet-b2-pruned" [32 352 427 183] 260 890;
        "efficientnet-b3-pruned" [40 384 484 208] 300 904;
        "tf-efficientnet-b0" [32 320 299 129] 224 875;
        "tf-efficientnet-b1" [32 320 427 183] 240 882;
        "tf-efficientnet-b2" [32 352 427 183] 260 890;
        "tf-efficientnet-b3" [40 384 484 208] 300 904;
        "tf-efficientnet-b4" [48 448 598 258] 380 922;
        "tf-efficientnet-b5" [48 512 726 312] 456 934;
        "tf-efficientnet-b6" [56 576 840 362] 528 942;
        "tf-efficientnet-b7" [64 640 1025 441] 600 949;
        "tf-efficientnet-b8" [72 704 1139 491] 672 954;
        "tf-efficientnet-l2" [136 1376 1642 708] 475 936;
        "tf-efficientnetv2-l" [32 640 1319 495] 384 1000;
        "tf-efficientnetv2-m" [24 512 951 357] 384 1000;
        "tf-efficientnetv2-xl" [32 640 1700 636] 384 1000;
    EDGE 0:
        "efficientnet-el" [40 232 350 156] 300 904;
        "efficientnet-el-pruned" [40 232 350 156] 300 904;
        "efficientnet-em" [32 192 310 138] 240 882;
        "efficientnet-es" [32 192 235 105] 224 875;
        "efficientnet-es-pruned" [32 192 235 105] 224 875;
    SPACE 0:
        "efficientnet-h-b5" [64 616 681 303] 448 1000;
        "efficientnet-x-b5" [48 512 681 303] 448 1000;
    CLIPPED 0:
        "efficientnet-lite0" [32 320 235 97] 224 875;
        "mobilenetv2-050" [16 160 250 84] 224 875;
        "mobilenetv2-100" [32 320 250 84] 224 875;
        "mobilenetv2-110d" [32 352 325 109] 224 875;
        "mobilenetv2-120d" [32 384 385 129] 224 875;
        "mobilenetv2-140" [48 448 250 84] 224 875;
    SIX 0:
        "efficientnetv2-rw-m" [32 328 1023 381] 320 1000;
        "efficientnetv2-rw-s" [24 272 670 250] 288 1000;
        "efficientnetv2-rw-t" [24 208 641 241] 224 1000;
    PLAIN 0:
        "fbnetc-100" [16 352 315 135] 224 875;
        "mnasnet-100" [32 320 250 104] 224 875;
        "mnasnet-small" [8 144 260 108] 224 875;
        "mobilenet-edgetpu-v2-m" [64 320 255 89] 224 900;
        "semnasnet-075" [24 240 267 107] 224 875;
        "semnasnet-100" [32 320 267 107] 224 875;
        "spnasnet-100" [32 320 310 124] 224 875;
    FBNET_V3 0:
        "fbnetv3-b" [16 1344 502 222] 224 950;
        "fbnetv3-d" [24 1440 551 223] 224 950;
        "fbnetv3-g" [32 1728 622 278] 240 950;
    MOBILE_V3 0:
        "hardcorenas-a" [32 960 197 91] 224 875;
        "hardcorenas-b" [32 960 286 118] 224 875;
        "hardcorenas-c" [32 960 294 124] 224 875;
        "hardcorenas-d" [32 960 338 144] 224 875;
        "hardcorenas-e" [32 960 319 143] 224 875;
        "hardcorenas-f" [32 960 319 137] 224 875;
        "mobilenetv3-large-100" [16 960 257 103] 224 875;
        "mobilenetv3-large-150d" [24 1440 359 143] 256 950;
    LCNET 0:
        "lcnet-050" [8 256 138 70] 224 875;
        "lcnet-075" [16 384 138 70] 224 875;
        "lcnet-100" [16 512 138 70] 224 875;
    MIXED 0:
        "mixnet-l" [32 264 409 421] 224 875;
        "mixnet-m" [24 200 409 421] 224 875;
        "mixnet-s" [16 200 335 303] 224 875;
        "mixnet-xl" [40 320 502 524] 224 875;
    MOBILE_V1 0:
        "mobilenetv1-100" [32 0 130 52] 224 875;
        "mobilenetv1-100h" [32 1024 130 52] 224 875;
        "mobilenetv1-125" [40 0 130 52] 224 900;
    MOBILE_V3_RW 0:
        "mobilenetv3-rw" [16 960 257 103] 224 875;
    MOBILE_V3_SMALL 0:
        "mobilenetv3-small-050" [16 288 201 89] 224 875;
        "mobilenetv3-small-075" [16 432 201 89] 224 875;
        "mobilenetv3-small-100" [16 576 201 89] 224 875;
    MOBILE_V4 0:
        "mobilenetv4-conv-large" [24 960 500 244] 384 950;
        "mobilenetv4-conv-medium" [32 960 375 163] 256 950;
        "mobilenetv4-conv-small" [32 960 220 90] 224 875;
        "mobilenetv4-conv-small-050" [32 480 220 90] 224 875;
    MOBILE_V4_AVERAGE 0:
        "mobilenetv4-conv-aa-large" [24 960 500 244] 448 950;
    MOBILE_V4_BLUR 0:
        "mobilenetv4-conv-blur-medium" [32 960 375 163] 224 950;
    FIVE 0:
        "test-efficientnet" [24 64 63 25] 160 950;
    EDGE 1:
        "tf-efficientnet-el" [40 232 350 156] 300 904;
        "tf-efficientnet-em" [32 192 310 138] 240 882;
        "tf-efficientnet-es" [32 192 235 105] 224 875;
    CLIPPED 1:
        "tf-efficientnet-lite0" [32 320 235 97] 224 875;
        "tf-efficientnet-lite1" [32 320 310 128] 240 882;
        "tf-efficientnet-lite2" [32 352 310 128] 260 890;
        "tf-efficientnet-lite3" [32 384 355 147] 300 904;
        "tf-efficientnet-lite4" [32 448 445 185] 380 920;
    SIX 1:
        "tf-efficientnetv2-b0" [32 192 349 131] 192 875;
        "tf-efficientnetv2-b1" [32 192 431 163] 192 882;
        "tf-efficientnetv2-b2" [32 208 450 170] 208 890;
        "tf-efficientnetv2-b3" [40 232 526 198] 240 900;
        "tf-efficientnetv2-s" [24 256 660 248] 300 1000;
    MIXED 1:
        "tf-mixnet-l" [32 264 409 421] 224 875;
        "tf-mixnet-m" [24 200 409 421] 224 875;
        "tf-mixnet-s" [16 200 335 303] 224 875;
    MOBILE_V3 1:
        "tf-mobilenetv3-large-075" [16 720 257 103] 224 875;
        "tf-mobilenetv3-large-100" [16 960 257 103] 224 875;
    MINIMAL 1:
        "tf-mobilenetv3-large-minimal-100" [16 960 225 75] 224 875;
    MOBILE_V3_SMALL 1:
        "tf-mobilenetv3-small-075" [16 432 201 89] 224 875;
        "tf-mobilenetv3-small-100" [16 576 201 89] 224 875;
    MINIMAL_SMALL 1:
        "tf-mobilenetv3-small-minimal-100" [16 576 165 55] 224 875;
    SWISH 1:
        "tf-efficientnet-cc-b0-4e" [32 320 315 75] 224 875;
        "tf-efficientnet-cc-b0-8e" [32 320 315 75] 224 875;
        "tf-efficientnet-cc-b1-8e" [32 320 449 110] 240 882;
};
