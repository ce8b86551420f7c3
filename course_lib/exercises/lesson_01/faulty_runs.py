"""Four recorded runs of the baseline GAN, each with one fault, and the signs of it."""

from course_lib.checks.faulty_runs import Axes, FaultyRun, which_fault

AXES = Axes(
    curves={
        "loss": {"loss_d": "discriminator", "loss_g": "generator"},
        "length of the gradient": {"grad_d": "discriminator", "grad_g": "generator"},
        "share recognised by D": {"accuracy_real": "photographs", "accuracy_fake": "fakes"},
        "diversity (photographs: 1)": {"diversity": "restored"},
    },
    limits={
        "loss": (0.0, 6.0),
        "length of the gradient": (1e-3, 1e3),
        "share recognised by D": (-0.05, 1.05),
        "diversity (photographs: 1)": (-0.05, 1.2),
    },
    log=("length of the gradient",),
)
STILL = "G's optimizer never takes its step"
RANGE = "D gets photographs in [0, 1], not [−1, 1]"
SWAP = "real and fake swapped in D's step"
PILE = "G's gradients are never cleared"
NONE = "none, it is the healthy game"

FAULTY_RUNS = (
    FaultyRun(
        letter="A",
        recording="01_a",
        fault=SWAP,
        alt="Four rainy crops and G's answers to them, which turn into one pattern of green and "
        "pink patches that hardly changes any more. Both losses and both gradients fall smoothly "
        "to nearly 0. After a few steps D recognises no photograph and no fake.",
        question=which_fault(
            "A",
            SWAP,
            {
                STILL: "Then D would win: it would recognise everything, and G's loss would climb. "
                "Here G's loss goes to 0, and D recognises nothing.",
                RANGE: "D would still know photographs from fakes about as well as in the healthy "
                "game. Here it recognises none of either, from the first hundred steps on.",
                SWAP: "D's loss goes to 0, so it does as it is taught. Yet it recognises no "
                "photograph and no fake: it is taught the wrong way round. G has nothing left to "
                "learn, because D calls its pictures real: its loss and its gradient go to 0, too.",
                NONE: "In the healthy game one player's gain is the other's loss, and D's stays "
                "near 1.39. Here both losses go to 0 together.",
                PILE: "G's gradient would grow from step to step. Here it fades away.",
            },
        ),
    ),
    FaultyRun(
        letter="B",
        recording="01_b",
        fault=STILL,
        alt="Four rainy crops and G's answers to them: coarse coloured noise that is the same in "
        "every frame. D's loss falls to nearly 0, G's rises to 5.5. G's gradient "
        "grows tenfold, D's shrinks tenfold. From step 250 on D recognises all photographs and "
        "all fakes.",
        question=which_fault(
            "B",
            STILL,
            {
                STILL: "The curves say only that D wins, which has many causes. The pictures say "
                "which: they are the same at step 50 and at step 1,000, although G's gradient is "
                "far from 0. G is told what to change, and never moves.",
                RANGE: "D could win so. But G would answer: its pictures would change, and grow "
                "brighter. Here they stand still.",
                SWAP: "A D that is taught the wrong way round recognises nothing. This one "
                "recognises everything.",
                NONE: "In the healthy game G moves on from noise to blots, and D's loss stays near "
                "1.39. Here the pictures stand still, and D's loss goes to 0.",
                PILE: "That would drive G far away: its pictures would change wildly. Here they "
                "stand still, and the gradient grows only as fast as D gets surer.",
            },
        ),
    ),
    FaultyRun(
        letter="C",
        recording="01_c",
        fault=RANGE,
        alt="Four rainy crops and G's answers to them, which turn from noise into pale pictures, "
        "white with orange and red patches in the end, nearly the same for all four. No spot in "
        "them comes near black. D's loss swings around 1.4 and G's stays below 1; both gradients "
        "keep their length; D recognises now photographs, now fakes.",
        question=which_fault(
            "C",
            RANGE,
            {
                STILL: "Then the pictures would stand still. Here they turn from noise into pale "
                "patches.",
                RANGE: "No curve tells. The pictures do: nothing in them comes near black, though "
                "half of the clean crops are dark blue. G imitates what D is shown as real, and a "
                "photograph in [0, 1], read as [−1, 1], has no dark half.",
                SWAP: "Then both losses would go to 0. Here they move as in the healthy game.",
                NONE: "Its curves look just like this. Its pictures have dark spots, though, as "
                "photographs do, and these have none.",
                PILE: "G's gradient would grow a hundredfold. Here it keeps its length.",
            },
        ),
    ),
    FaultyRun(
        letter="D",
        recording="01_d",
        fault=PILE,
        alt="Four rainy crops and G's answers to them: noise, then plain green or yellow, then "
        "blots of pure yellow, red, blue and black that differ between crops and change wildly "
        "from frame to frame. G's gradient grows all the while, from 2 to more than 600; D's stays "
        "between 1 and 20. The losses cross: D's falls to 0.1, G's rises to 3.",
        question=which_fault(
            "D",
            PILE,
            {
                STILL: "G moves here, and how: from frame to frame its pictures change wildly.",
                RANGE: "Its pictures would have no dark spots. Here pure black stands beside pure "
                "blue and yellow.",
                SWAP: "At the end D recognises nearly every photograph and every fake, so it was "
                "taught the right way round.",
                NONE: "There G's gradient stays about as long as D's or shorter. Here it is "
                "hundreds of times longer.",
                PILE: "G's gradient grows from step to step, whatever the losses do: it is the sum "
                "of all steps so far. What was right a hundred steps ago still pushes, so G "
                "overshoots into pure colours, and can't follow D any more.",
            },
        ),
    ),
)
