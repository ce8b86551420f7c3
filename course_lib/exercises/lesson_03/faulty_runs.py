"""Four recorded runs of Pix2Pix with λ = 10, each with one fault, and the signs of it."""

from course_lib.checks.faulty_runs import Axes, FaultyRun, which_fault

AXES = Axes(
    curves={
        "loss": {"loss_d": "discriminator", "loss_g": "generator"},
        "length of the gradient": {"grad_d": "discriminator", "grad_g": "generator"},
        "share recognised by D": {"accuracy_real": "photographs", "accuracy_fake": "fakes"},
        "PSNR (dB)": {"psnr": "restored"},
    },
    limits={
        "loss": (2e-3, 20.0),
        "length of the gradient": (3e-2, 100.0),
        "share recognised by D": (-0.05, 1.05),
        "PSNR (dB)": (11.0, 21.0),
    },
    log=("loss", "length of the gradient"),
)
ATTACHED = "the fakes aren't detached in D's step"
SWAP = "real and fake swapped in D's step"
FAST = "D's learning rate is a hundred times too large"
FROZEN = "batch norm is in eval mode while training"
NONE = "none, it is the healthy game"

FAULTY_RUNS = (
    FaultyRun(
        letter="A",
        recording="03_a",
        fault=ATTACHED,
        alt="Four rainy crops and G's answers to them, which lose some drops, as in the healthy "
        "run. D's loss lies near 1.1. D's gradient is twice as long as G's, 7 against 3, from the "
        "first hundred steps to the end. In the last third D recognises more than nine of ten "
        "fakes, and four of ten photographs. PSNR climbs from 17 to 19 dB.",
        question=which_fault(
            "A",
            ATTACHED,
            {
                ATTACHED: "The pictures don't tell, for L1 restores them. But this G hardly "
                "defends itself: what D's step leaves in it pulls towards easy fakes, and cancels "
                "much of what would fool D. So more than nine of ten fakes are recognised, where "
                "the healthy run has three of four; and D's gradient is longer than G's, where "
                "there both are near 3.",
                SWAP: "Then D would recognise nearly nothing. Here it recognises most fakes.",
                FAST: "Then D's loss would begin near 10 and its verdicts would swing from one "
                "extreme to the other. Here both keep their place.",
                FROZEN: "Then black blots would come up in the pictures, and PSNR would fall below "
                "that of the rainy crops.",
                NONE: "Close, and by its pictures you can't tell. In the healthy run D recognises "
                "three of four fakes and both gradients are near 3. Here it is more than nine of "
                "ten, and D's gradient is more than twice as long as G's.",
            },
        ),
    ),
    FaultyRun(
        letter="B",
        recording="03_b",
        fault=SWAP,
        alt="Four rainy crops and G's answers to them, which keep their drops in all frames, a "
        "little paler. D's loss falls to about 0.01, with peaks; G's stays near 1.5. D recognises "
        "hardly any photograph and no fake. PSNR lies near 17.5 dB, and ends at 18.6.",
        question=which_fault(
            "B",
            SWAP,
            {
                ATTACHED: "Then D would recognise most fakes. Here it recognises none.",
                SWAP: "D's loss says that it is nearly always right, and its accuracy, with the "
                "true labels, that it is nearly always wrong. Only swapped labels do both. And G "
                "is paid for looking rainy: what it wins by a cleaner picture from L1, it loses "
                "with D.",
                FAST: "Then D's loss would be large, and it falls to 0.01 here.",
                FROZEN: "Then G's pictures would get blots. Here they stay as rainy as they were.",
                NONE: "In the healthy game D's loss stays near 1.3. A loss of 0.01 from a D that "
                "recognises nothing can't be healthy.",
            },
        ),
    ),
    FaultyRun(
        letter="C",
        recording="03_c",
        fault=FAST,
        alt="Four rainy crops and G's answers to them, which lose drops, some turning light blue. "
        "D's loss begins near 10 and comes down to 1.4 in a few hundred steps. D calls at first "
        "nearly all pictures real, and from step 300 to 1,000 by turns all real or all fake: its "
        "two curves are mirror images. After step 1,000 D's gradient falls to a tenth. PSNR "
        "climbs to 20 dB.",
        question=which_fault(
            "C",
            FAST,
            {
                ATTACHED: "Then D would be better than in the healthy game. This one is no better "
                "than a coin.",
                SWAP: "Then both curves of D would lie near 0. Here one is high when the other is "
                "low.",
                FAST: "Its first steps throw D's weights so far that its loss is 10. After that it "
                "says the same of every picture, and changes its mind from one measurement to the "
                "next: each step overshoots. The rate falls to 0 towards the end, and there D "
                "calms down. G restores all the same, with L1 as its only teacher.",
                FROZEN: "That harms G here, whose pictures would get black blots.",
                NONE: "In the healthy game D's loss begins at 1.4 and its two curves don't mirror "
                "each other.",
            },
        ),
    ),
    FaultyRun(
        letter="D",
        recording="03_d",
        fault=FROZEN,
        alt="Four rainy crops and G's answers to them: dark and black blots in the sky and over "
        "the drops, most of them in the first half of the run, and the drops stay. D's loss lies "
        "near 1, G's near 3. PSNR falls from 17 to 12 dB and comes back to 16.5, below the rainy "
        "crops' 18.",
        question=which_fault(
            "D",
            FROZEN,
            {
                ATTACHED: "Then the pictures would be restored about as well as in the healthy "
                "run. Here they get worse than the rainy ones.",
                SWAP: "D recognises two of three pictures or more, so it was taught the right way "
                "round.",
                FAST: "D's loss begins at 1.4 here, and its verdicts don't swing from all to none.",
                FROZEN: "D plays as usual, and G can't follow. In eval mode batch norm divides by "
                "running statistics that nobody updates, 1 from the start, so it does nothing. A "
                "G without norm at a rate chosen for one with it overshoots: black blots, and "
                "PSNR below that of the rainy crops although L1 is there. This D has instance "
                "norm, which is the same in both modes.",
                NONE: "In the healthy run PSNR climbs above the rainy crops' 18 dB. Here it never "
                "gets there.",
            },
        ),
    ),
)
