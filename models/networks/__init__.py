"""The networks. Shapes are NCHW; a frame of H x W pixels (multiples of 16) gives a latent of C x H/8 x W/8.

Architecture: Torfason et al., ICLR 2018 (cResNet, ASPP on the latent); the lean encoder, which works
at 1/8 resolution instead of 1/4, is this project's own.
"""


