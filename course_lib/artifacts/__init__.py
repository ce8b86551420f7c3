"""Artifacts of GANs: where a picture has texture that its MSE twin lacks, and masks of such places.

The method is DeSRA (Xie et al. 2023, *DeSRA: Detect and delete the artifacts of GAN-based
real-world super-resolution models*).
"""
