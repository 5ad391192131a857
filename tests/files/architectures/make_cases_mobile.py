#!/usr/bin/env python3
"""Writes cases_mobile.json.gz: as make_cases.py does, for timm's mobile networks and the newer families
of convolutional networks.

Networks that the tensors don't tell apart from others are named. An argument keeps to the cases whose
names contain it and only prints them. Usage: make_cases_mobile.py [PART OF A NAME]
"""
import make_cases
from make_cases import in_timm, torchvision

# The smallest network of every recipe and family; in_timm's name is the identifier, too.
NETWORKS = """
efficientnet_b0 efficientnet_es efficientnet_lite0 fbnetc_100 fbnetv3_b hardcorenas_a mixnet_s mnasnet_small mobilenet_edgetpu_v2_m
mobilenetv1_100 mobilenetv1_100h mobilenetv2_050 mobilenetv2_100 mobilenetv3_small_050 mobilenetv4_conv_small_050 semnasnet_075 lcnet_050
spnasnet_100 tinynet_e test_efficientnet
convnext_atto convnextv2_atto test_convnext test_convnext2 test_convnext3
rexnet_100 hgnetv2_b0 hgnet_tiny ghostnet_100 ghostnetv2_100 ghostnetv3_100 repghostnet_050 inception_next_atto starnet_s1
fasternet_t0 repvit_m0_9 repvit_m1 poolformer_s12 poolformerv2_s12 mambaout_femto lcnetv2_small fastvit_t8 cspnext_tiny
"""
NAMED = """
tf_efficientnet_b0 tf_efficientnet_es tf_efficientnet_lite0 tf_mixnet_s tf_mobilenetv3_small_075 tf_mobilenetv3_small_minimal_100
mobilenetv3_large_100 mobilenetv3_rw mobilenetv4_conv_blur_medium convnext_atto_ols convnext_zepto_rms_ols
"""
SLOW = """
efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 tf_efficientnet_b6 tf_efficientnet_b7
tf_efficientnet_lite1 tf_efficientnet_lite2 tf_efficientnet_lite3 tf_efficientnet_lite4
tf_efficientnetv2_b0 efficientnetv2_rw_t efficientnet_x_b5 mobilenetv3_large_150d mobilenetv4_conv_large
convnextv2_nano convmixer_768_32 fasternet_t2 convformer_s18 focalnet_tiny_srf rdnet_tiny
"""
SLOW_NAMED = "tf_efficientnet_b5 tf_efficientnet_cc_b0_4e mobilenetv4_conv_aa_large convnext_tiny_hnf mambaout_base_wide_rw"


def cases():
    plain = lambda key: key
    found = []

    def add(names, slow=False, named=False):
        for name in names.split():
            found.append((f"{name} in timm", name.replace("_", "-"), in_timm(name), 64, slow, plain, 3, named))

    add(NETWORKS)
    add(NAMED, named=True)
    add(SLOW, slow=True)
    add(SLOW_NAMED, slow=True, named=True)
    for size in "sml":
        name = f"efficientnet_v2_{size}"
        found.append((name, name.replace("_", "-"), torchvision(name), 64, True, plain, 3, False))
    return found


if __name__ == "__main__":
    make_cases.main(cases(), "cases_mobile.json.gz")
