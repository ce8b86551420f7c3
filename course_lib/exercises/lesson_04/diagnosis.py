"""Four recorded runs of GRASPP-GAN with β = 30, each with one fault, and the signs of it."""

from course_lib.checks.diagnosis import Axes, Case, which_fault

AXES = Axes(
    curves={
        "loss": {"loss_d": "discriminator", "loss_g": "generator"},
        "length of the gradient": {"grad_d": "discriminator", "grad_g": "generator"},
        "share recognised by D": {"accuracy_real": "photographs", "accuracy_fake": "fakes"},
        "PSNR (dB)": {"psnr": "restored"},
    },
    limits={
        "loss": (1e-2, 300.0),
        "length of the gradient": (1e-3, 3000.0),
        "share recognised by D": (-0.05, 1.05),
        "PSNR (dB)": (20.0, 36.0),
    },
    log=("loss", "length of the gradient"),
)
SIGN = "the adversarial loss has the printed sign"
RAINY = "L_g compares with the rainy picture"
FAST = "D's learning rate is the printed 0.1"
FROZEN = "the rates may fall after every step"
NONE = "none, it is the healthy game"

CASES = tuple(
    Case(
        letter=letter,
        recording=f"04_{letter.lower()}",
        fault=fault,
        alt="Curves and pictures of a run.",
        question=which_fault(
            letter, fault, {one: "To be written." for one in (SIGN, RAINY, FAST, FROZEN, NONE)}
        ),
    )
    for letter, fault in zip("ABCD", (SIGN, RAINY, FAST, FROZEN), strict=True)
)
