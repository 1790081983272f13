"""Tunables of sensor health, with their units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """When a sensor is believed to be wrong, and what a store does that is partly blind."""

    look_s: float = 1.0  # every sensor is looked at this often
    enter_s: float = 2.0  # wrong for so long without looking right: under alarm
    leave_s: float = 6.0  # right for so long without looking wrong: well again
    silent_s: float = 3.0  # a controller or camera that others have overtaken by this much is silent
    silent_gaps: float = 5.0  # and a source that speaks at its own pace by so many of its usual gaps more
    starts_s: float = 8.0  # a source is expected to have spoken by then
    still_s: float = 2.5  # a plate that shows the same to the last bit for so long is stuck
    rests_share: float = 0.12  # of samples as the one before: a plate that rests on a value while it is well
    rests_samples: int = 120  # before it is known whether a plate does
    rests_s: float = 8.0  # then it is stuck after so long,
    rests_longer: float = 3.0  # and after so many times the longest that it has rested
    still_blocks: int = 8  # so many blocks in a row the same to the last bit: what led there was no goods
    noisy_share: float = 1.0  # of the lightest piece that stands on a plate: noise that would hide more is too much
    noisy_s: float = 30.0  # people who handle goods shake a plate for less
    blind_share: float = 2.0  # of the heaviest piece: noise that would hide as much leaves nothing to be weighed
    blind_g_min: float = 25.0  # if a block strays by more than what a crowd shakes a plate by,
    blind_s: float = 8.0  # and for so long
    spike_sds: float = 30.0  # a lone sample this far off, in noise of a block, is no weight
    spike_g_min: float = 60.0  # a tap of a finger is over as soon, and weaker
    spikes: float = 3.0  # so many within the memory are a fault
    spike_memory_s: float = 30.0
    drift_g_per_s: float = 0.5  # while somebody handles goods for 5 s, that is less than products differ by
    drift_s: int = 12  # looks
    jump_nats: float = 3.0  # a plate of a good name that jumps sharply once is under alarm
    jump_sharp_p: tuple[float, float] = (0.001, 0.5)  # a change goes by one sample: of a plate that is well, that jumps
    jump_nobody_p: tuple[float, float] = (0.04, 0.6)  # and is nobody's
    gain_sd: float = 0.01  # of plates that are well
    gain_fault_sd: float = 0.15  # of plates that are not
    gain_min: float = 0.05  # a smaller error is no fault
    gain_nats: float = 3.0  # evidence for a wrong gain: where all is well it stays below 2
    gain_suspect_nats: float = 0.7  # that makes it a suspect: picks are twice as likely then
    gain_lead_nats: float = 1.5  # more than for any other plate: those that share its picks are suspected with it
    gain_picks: int = 2  # that agree, at the least
    gain_memory: int = 200  # sure picks
    gain_latest: int = 12  # of each plate: what was right before is told from what is off since
    test_wait_s: float = 120.0  # from the word of a test weight until it lies on its plate, at most
    test_lies_s: float = 30.0  # and until it has gone
    misread_min: float = 0.1  # a smaller error leaves picks sure
    misread_nats: float = 3.0
    misread_picks: int = 2  # doubtful ones that a wrong gain explains, at the least
    misread_memory: int = 60  # doubtful picks
    repeats_s: float = 0.8  # of one picture with people in it
    missed_m: float = 8.0  # walked in a camera's picture without being found, as often as it usually finds people
    missed_prior_m: float = 10.0  # what is believed of that beforehand counts as so many metres
    missed_prior: float = 0.3
    turned_deg: float = 1.2  # a calibration that is off by less is no fault
    turned_nats: float = 6.0  # evidence for a turn: where all is well it stays below 4
    turned_lead_nats: float = 3.0  # more than for any other camera; so much against a turn is a straight one
    turned_memory_s: float = 20.0
    turned_lasts_s: float = 2.0  # what one camera says of a head errs alike for so long
    turned_place_m: float = 0.5  # by so much tracks are off where all cameras see heads, as when people bend
    turned_prior_deg: float = 3.0
    turned_clock_s: float = 0.1  # a clock that is off by so much after correction moves who walks, and turns nothing
    lying_nats: float = 6.0
    move_wrong_p: tuple[float, float] = (0.3, 0.8)  # a move is contradicted: of a cart that is well, of one that lies
    move_alone_p: tuple[float, float] = (0.05, 0.5)  # and nobody was near who could have made it
    move_reach_m: float = 2.0  # who is further from a cart lays nothing into it
    move_wait_s: float = 3.5
    move_wait_s_max: float = 8.0  # for those that follow so fast that they are weighed together
    reading_nats: float = 6.0
    tag_wrong_p: tuple[float, float] = (0.15, 0.9)  # the same of a strong tag
    tag_wait_s: float = 4.0
    cross_nats: float = 5.0
    cross_wrong_p: tuple[float, float] = (0.1, 0.6)  # nobody crossed: of a gate that is well, that is not
    over_m: float = 0.12  # a hand this far beside a plate may be taking from it
    over_up_m: tuple[float, float] = (-0.08, 0.35)  # and so far above its top
    held_nats: float = 1.0  # hands or a cart that speak for goods by this much are another witness
    seen_visit_s: float = 8.0  # a shorter visit is over before anybody is followed
    seen_share: float = 0.2  # of a visit, at least, somebody must have been followed for a receipt to be settled
    lost_s: float = 900.0  # a shopper whom nobody has seen for so long, though nothing is blind, has left
    again_s: float = 30.0  # and one unseen for so long whose account is let in again
    area_m: float = 0.5  # cells of the floor, to tell what no camera sees
    plates_blind_max: float = 0.25  # share beyond which nobody is let in
    floor_blind_max: float = 0.34

    def __post_init__(self) -> None:
        assert self.enter_s >= 0.0 and self.leave_s >= 0.0 and self.look_s > 0.0
