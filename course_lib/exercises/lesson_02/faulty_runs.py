"""Four recorded runs of Pix2Pix, each with one fault, and the signs of it."""

from course_lib.checks.faulty_runs import Axes, FaultyRun, which_fault

AXES = Axes(
    curves={
        "loss": {"loss_d": "discriminator", "loss_g": "generator"},
        "length of the gradient": {"grad_d": "discriminator", "grad_g": "generator"},
        "share recognised by D": {"accuracy_real": "photographs", "accuracy_fake": "fakes"},
        "PSNR (dB)": {"psnr": "restored"},
    },
    limits={
        "loss": (3e-3, 100.0),
        "length of the gradient": (3e-2, 100.0),
        "share recognised by D": (-0.05, 1.05),
        "PSNR (dB)": (9.0, 22.0),
    },
    log=("loss", "length of the gradient"),
)
RAINY = "L1 compares with the rainy picture, not with the clean one"
STILL = "D never takes its step"
SWAP = "rainy and clean pictures are swapped"
GAME = "L1 is left out of G's loss"
NONE = "none, it is the healthy game"

FAULTY_RUNS = (
    FaultyRun(
        letter="A",
        recording="02_a",
        fault=RAINY,
        alt="Four rainy crops and G's answers to them, which keep mist and drops as they are "
        "from the first frame to the last; in later ones a black or white blot comes and goes. "
        "D's loss falls to about 0.1, with peaks; G's is 1.5 after a hundred steps and climbs to "
        "10. D recognises nearly all fakes. PSNR stays at the rainy crops' 18 dB and then falls "
        "by one.",
        question=which_fault(
            "A",
            RAINY,
            {
                RAINY: "The answers are the rainy crops themselves, mist, drops and all, but for "
                "a blot of the network's own: that is what this G was asked for. L1 is nearly 0 "
                "for it, so what is left of its loss is the game, and that D wins: rain gives "
                "every answer away.",
                STILL: "Then D's loss would stay where it began, near 1.4. Here it falls.",
                SWAP: "Then G would add mist and drops, more with every frame. Here the answers "
                "have those of the rainy crops.",
                NONE: "In the healthy game G's loss stays above 10, nearly all of it L1, and the "
                "drops grow fainter. Here nothing becomes fainter.",
                GAME: "Without L1 the colours wander, as the game moves. Here G copies the rainy "
                "crop to the last drop.",
            },
        ),
    ),
    FaultyRun(
        letter="B",
        recording="02_b",
        fault=STILL,
        alt="Four rainy crops and G's answers to them, which lose mist and drops as in the healthy "
        "run. D's loss is a flat line at 1.43, its gradient a flat line at 1; all the while D "
        "takes seven of ten photographs for real, and seven of ten fakes too. G's loss falls from "
        "22 to 13, PSNR climbs from 17 to 20 dB.",
        question=which_fault(
            "B",
            STILL,
            {
                RAINY: "Then PSNR could not climb above that of the rainy crops. Here it does, and "
                "the drops grow fainter.",
                STILL: "Everything of D is a flat line: its loss, its gradient, its verdicts. It "
                "is told what to change, for the gradient isn't 0, and never changes. The "
                "pictures give nothing away, because L1 alone teaches G to restore.",
                SWAP: "Then PSNR would fall. Here it climbs.",
                NONE: "Its pictures and its PSNR say so. But in the healthy game D's loss falls "
                "below 1.39 and its verdicts change from measurement to measurement.",
                GAME: "Then G's loss would be below 1, the game's share alone. Here it is 13 and "
                "more, so L1 is at work.",
            },
        ),
    ),
    FaultyRun(
        letter="C",
        recording="02_c",
        fault=SWAP,
        alt="Four rainy crops and G's answers to them: the drops stay, and from step 450 on small "
        "dark round spots appear between them, also in the plain sky. PSNR falls from 16.6 to "
        "about 16 dB. G's loss stays near 18. D's lies near 0.75, and it recognises most "
        "photographs and most fakes.",
        question=which_fault(
            "C",
            SWAP,
            {
                RAINY: "Then mist and drops would stay just as they are. Here both grow: the sky "
                "gets paler, and round spots multiply in it.",
                STILL: "Then D's loss would be a flat line. Here it falls to 0.75.",
                SWAP: "G puts something in: round spots in a sky that had none, and more of them "
                "where there were drops. It was taught to make rain. No loss can tell, since "
                "making rain is a fair game, too; PSNR can, because it is measured with the "
                "right truth.",
                NONE: "In the healthy game PSNR climbs by two decibels. Here it falls.",
                GAME: "Then G's loss would lie near 0.7, the game's share alone. Here it is near "
                "18, so L1 is there, times 100.",
            },
        ),
    ),
    FaultyRun(
        letter="D",
        recording="02_d",
        fault=GAME,
        alt="Four rainy crops and G's answers to them: a fine grid over all of them, then colours "
        "that leave the scene, dark green, cyan, in the end pure red, black and white. G's loss "
        "stays between 0.7 and 0.9, D's between 1.2 and 1.4. D recognises a little more than half "
        "of both. PSNR jumps about between 11 and 16 dB, always below the rainy crops.",
        question=which_fault(
            "D",
            GAME,
            {
                RAINY: "Then the answers would look like the rainy crops. Here not even the "
                "colours stay.",
                STILL: "D's loss falls slowly and its gradient changes its length: it learns.",
                SWAP: "Then the answers would be scenes with more rain. These are hardly scenes.",
                NONE: "In the healthy game G's loss is above 10, because L1 counts a hundredfold. "
                "Here it is below 1.",
                GAME: "A loss below 1 can't hold a hundred times L1: with pictures this wrong that "
                "alone would be 20 or more. What is left is the game, and it looks even, 0.7 "
                "against 1.3. An even game says nothing about the pictures.",
            },
        ),
    ),
)
