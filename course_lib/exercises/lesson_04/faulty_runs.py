"""Four recorded runs of GRASPP-GAN with β = 30, each with one fault, and the signs of it."""

from course_lib.checks.faulty_runs import Axes, FaultyRun, which_fault

AXES = Axes(
    curves={
        "loss of the discriminator": {"loss_d": "discriminator"},
        "loss of the generator": {"loss_g": "generator"},
        "share recognised by D": {"accuracy_real": "photographs", "accuracy_fake": "fakes"},
        "PSNR (dB)": {"psnr": "restored"},
    },
    limits={
        "loss of the discriminator": (1e-2, 1e6),
        "loss of the generator": (-100.0, 100.0),
        "share recognised by D": (-0.05, 1.05),
        "PSNR (dB)": (18.0, 36.0),
    },
    log=("loss of the discriminator",),
)
SIGN = "the adversarial loss has the printed sign"
EDGES = "L_g compares with the rainy picture"
FAST = "D's learning rate is the printed 0.1"
FROZEN = "the rates may fall after every step"
NONE = "none, it is the healthy game"

FAULTY_RUNS = (
    FaultyRun(
        letter="A",
        recording="04_a",
        fault=SIGN,
        alt="Four rainy crops and G's answers to them. Up to step 180 most of their streaks go. "
        "From step 210 on each answer is one flat bright blue. When D joins at step 121, the "
        "generator's loss drops from 25 to 4. Sixty steps later D's loss falls out of the picture "
        "at the bottom; the generator's falls below zero and leaves it too. D recognises every "
        "photograph and every fake. PSNR is 32 dB at step 120, 29 at step 180, and from step 240 "
        "on below the axis.",
        question=which_fault(
            "A",
            SIGN,
            {
                EDGES: "Then the first 120 steps would already differ, for L_g is at work there, "
                "and PSNR climbs in them as in the healthy run.",
                FROZEN: "Then nothing would change any more after D joins. Here everything does.",
                SIGN: "When D joins, G's loss drops by 20, where the healthy one rises by 20. Then "
                "it falls below zero. L2 and L_g are norms and can't, and −log D can't "
                "either; only log D can. G gets it down by pictures that D is sure of, and nothing "
                "is surer than a blue sheet. D, whom nobody deceives, has a loss of 0.",
                FAST: "Then D's loss would jump up when D joins. It falls to 0 instead, and D is "
                "right about every picture.",
                NONE: "In the healthy run all pictures stay pictures, and G's loss never comes "
                "near 0.",
            },
        ),
    ),
    FaultyRun(
        letter="B",
        recording="04_b",
        fault=EDGES,
        alt="Four rainy crops and G's answers to them, which keep all their streaks in all "
        "frames; some turn a little purple, later a little green. G's loss begins at 5, and lies "
        "between 25 and 60 after D has joined. D's loss lies near 1.4, and ends near 1.2. D "
        "recognises more and more, at the end eight of ten pictures. PSNR stays near 27.5 dB.",
        question=which_fault(
            "B",
            EDGES,
            {
                EDGES: "G's loss is small from its first step, a seventh of the healthy one's: the "
                "rainy picture's edges are asked for, and the rainy picture has them. So the "
                "streaks stay. L2 alone would take them away, and is outvoted: for a picture with "
                "streaks, L_g is several times as large.",
                FROZEN: "It would let G learn for 120 steps, and PSNR climb. Here it doesn't.",
                SIGN: "It shows only from step 121 on, when D joins. Here no streak has gone "
                "before that either.",
                FAST: "D plays from step 121 on, and its loss never jumps. What is wrong here is "
                "wrong from step 1.",
                NONE: "In the healthy run most streaks have gone by step 210.",
            },
        ),
    ),
    FaultyRun(
        letter="C",
        recording="04_c",
        fault=FAST,
        alt="Four rainy crops and G's answers to them. Up to step 120 their streaks go. When D has "
        "joined, they are back, colours change, and bright green patches lie on the dark parts "
        "of the temple to the end. D's loss jumps above 10,000 and comes down to 5; the "
        "generator's leaves the picture at the top. D calls most photographs real, or most "
        "pictures fake. PSNR falls from 32 to below 20 dB and comes back to 27.",
        question=which_fault(
            "C",
            FAST,
            {
                EDGES: "Then the streaks would never go, and D's loss would stay near 1.4. Here "
                "they go, and come back.",
                FROZEN: "Then pictures and curves would stand still after step 120.",
                SIGN: "Then G's loss would fall below zero. It shoots up here.",
                FAST: "Adam moves each weight by about its rate, whatever the gradient. With 0.1 "
                "that throws D's weights about, so that its logits are huge and mostly wrong: a "
                "loss above 10,000. Its gradients are as huge, and with β = 30 they outshout the "
                "truth: G forgets what it knew.",
                NONE: "In the healthy run D's loss never leaves 1.4.",
            },
        ),
    ),
    FaultyRun(
        letter="D",
        recording="04_d",
        fault=FROZEN,
        alt="Four rainy crops and G's answers to them, whose streaks are mostly gone at step 60; "
        "after step 150 the pictures don't change any more. D's loss lies at 1.39, G's near 45. D "
        "recognises 8 per cent of the photographs and 92 per cent of the fakes, at each "
        "measurement from step 180 on. PSNR reaches 32 dB at step 120, and lies near 30.7 after "
        "that.",
        question=which_fault(
            "D",
            FROZEN,
            {
                EDGES: "Then the streaks would stay from the start. Here most of them go.",
                FROZEN: "From step 180 on each measurement is like the one before: the pictures, "
                "PSNR, and above all the shares of D, which are the same to the last crop. Nobody "
                "learns. The loss of one batch is often above the best so far, by chance; a rule "
                "that takes each batch for an epoch divides the rates by ten every two steps.",
                SIGN: "Then G would help D, and D's loss would fall to 0. It never moves from "
                "1.39.",
                FAST: "Then D's loss would jump up when D joins. It doesn't move at all.",
                NONE: "By its losses you couldn't tell. But in the healthy run PSNR climbs to 33 "
                "dB, and D's shares change from one measurement to the next.",
            },
        ),
    ),
)
