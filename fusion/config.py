"""Every tunable and limit, with its unit; nested as the stages are.

The defaults are what ships. Nothing here names a store, a case or a sensor: what differs between stores is learned
from their own streams or stands in store.toml.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field

from fusion.checkout.decision import CheckoutConfig
from fusion.health.settings import HealthConfig

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """From messages in any order to closed slices of event time."""

    slice_ns: int = 50_000_000
    reorder_window_ns: int = 4 * SECOND_NS  # the latest source seen in real stores arrives 2.7 s after its measurement
    idle_ns: int = 5 * SECOND_NS  # a source that others have overtaken by more is idle: nobody waits for it
    future_ns_max: int = 30 * SECOND_NS  # further ahead of everybody else is a broken clock
    remembered_ns: int = 60 * SECOND_NS  # how long keys are kept to tell a duplicate from a late message
    pending_max: int = 2_000_000  # messages waiting for the watermark; beyond it the oldest slice closes early


@dataclass(frozen=True, slots=True)
class ClockConfig:
    """Clocks of sources: what they may be off by, and how comparisons count."""

    hold_s: float = 0.3  # messages wait for so long to be put into the order of corrected times
    offset_sd_s: float = 0.06  # prior of a source's offset: a tenth of clocks are off by up to 0.25 s, the rest by 0.02
    camera_sd_s: float = 0.1  # of a camera's, about which so much is heard that the few can be given room
    drift_sd: float = 50e-6  # and of its drift, seconds a second: a quartz nobody disciplines
    wander_s_per_sqrt_s: float = 0.004  # clocks are disciplined in jerks: an offset is followed within half a minute
    drift_walk_per_sqrt_s: float = 1e-7
    aside_sd_m: float = 0.10  # people are seen so far aside of where they are, by calibration and by how they lean
    aside_walk_m_per_sqrt_s: float = 0.005
    walking_mps: float = 0.4  # slower people tell nothing of time
    witness_s: float = 1.0  # another camera saw them so recently
    frames_alike: float = 6.0  # frames in a row err alike: so many count as one
    odd_sds: float = 5.0  # a comparison further off is left out
    hand_s: float = 1.0  # a step of weight is compared with a hand that was there, and away so much earlier and later
    hand_beyond_s: float = 0.4  # step and hand can be so far apart
    hand_m: float = 0.15  # a hand this far from where goods lie may just be moving them
    hand_near_m: float = 0.2  # a hand that came no nearer was not there
    hand_far_m: float = 0.3  # and one was elsewhere that came no nearer than this
    hand_sds: float = 1.5  # by so much of its place's standard deviation
    hand_gone: float = 0.2  # away is to be this much less likely there than at its nearest
    hand_sd_s: float = 0.14  # steps come so long before or after the middle of its stay; 0.14 and 0.07 s in simulators
    hand_habit_sd_s: float = 0.05  # and all of them: how plates settle, how hands linger; 0.01 after, 0.06 s before
    about_m: float = 2.2  # hands of people further off are elsewhere
    alone_m: float = 1.5  # nobody else was this near a gate, nobody hidden this near the goods
    clear_g: float = 15.0  # smaller steps may be no goods
    push_sd_m: float = 0.7  # carts roll so far ahead of who has them, or behind: pushed or drawn
    push_walk_m_per_sqrt_s: float = 0.02  # and change how they hold it
    push_m: float = 1.5  # and whose it is walks this near it
    push_owner_p: float = 0.9  # whose cart it is must be this clear
    push_turn_mps: float = 0.5  # cart and person move this much alike
    reports_alike: float = 4.0  # of a cart: its place errs alike for about two seconds
    beam_sd_m: float = 0.1  # people cut a beam so far before or behind their middle
    beam_habit_sd_m: float = 0.15  # a beam is so far from its line, or is late in saying so
    surprise_rate: float = 0.05  # memory of how well comparisons fit
    surprise_cap: float = 20.0  # one alone counts no more than this
    surprise_max: float = 5.0  # mean squared error over the expected one: a clock that was set anew
    step_sd_s: float = 0.3
    restart_s_max: float = 10.0  # a camera that restarted moves nobody until its clock is known, or for so long
    steps_max: int = 3
    offset_max_s: float = 0.25  # the contract's bound
    drift_max: float = 300e-6
    fault_sds: float = 2.0  # a clock that nobody set is wrong when it is beyond these by so many standard deviations


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """Floor tracking: motion, sightings, life cycle."""

    accel_m2ps3: float = 0.12  # density of white-noise acceleration: speeds change by 0.35 m/s within a second
    height_walk_m_per_sqrt_s: float = 0.03
    head_height_m: float = 1.55  # centre of the head, prior; admits children
    head_height_sd_m: float = 0.22
    birth_speed_sd_mps: float = 0.8  # of somebody just come into sight, along each axis
    lean_sd_m: float = 0.07  # the head is ahead of the feet when people reach and look
    sd_px_min: float = 2.0
    sd_m_min: float = 0.03
    gate_nats: float = 16.0  # half the squared Mahalanobis distance beyond which a pair is not considered
    detection_p: float = 0.9  # of somebody in sight, prior of what is learned per camera
    detection_p_frames: float = 200.0  # the prior counts as so many sightings
    detection_p_max: float = 0.98
    detection_memory: float = 3000.0  # sightings
    mass_learn_p: float = 0.98  # changes as sure as this teach what a product's pieces weigh here
    mass_drift_sd: float = 0.003  # batches change: how far the bias may wander from pick to pick
    hidden_p: float = 0.03  # of somebody hidden
    back_p: float = 0.5  # of somebody hidden being found again: the least that they compete with for detections
    sight_p: float = 0.9  # that a camera has somebody in its picture in sight, all told
    sight_s: float = 0.5  # memory of who is hidden
    clutter_per_m2: float = 0.02  # false detections a frame: 0.3 where a camera sees 15 m2
    exist_most: float = 0.9999  # existence comes no nearer to 0 or 1
    birth_p: float = 0.05  # that a detection nobody claims is somebody new
    birth_gate_p: float = 0.5  # at a gate
    birth_near_p: float = 0.002  # and one near a track: mostly a second sight of the same person
    birth_gate_m: float = 1.0
    confirm_p: float = 0.99  # a track that exists with this probability and is this old is confirmed
    confirm_s: float = 0.2
    drop_p: float = 0.0005  # a tentative track less likely a person than this is none
    look_same_mean: float = 0.80
    look_same_sd: float = 0.12
    look_other_mean: float = 0.20
    look_other_sd: float = 0.22
    look_nats_max: float = 8.0
    look_rate: float = 0.08
    looks_sure: int = 5  # appearance of fewer sightings says less
    id_same_nats: float = 2.0
    id_other_nats: float = -1.0
    tentative_s: float = 0.6  # unseen for longer, a tentative track is dropped
    missed_s: float = 0.3  # unseen for longer, a track may be what a new one beside it goes on with
    coasting_s: float = 0.7  # unseen for longer, a confirmed track coasts
    lost_s: float = 1.5  # unseen for longer, it waits for a new track to be joined to
    forgotten_s: float = 180.0
    merge_distance_m: float = 0.35
    merge_after_s: float = 1.0
    merge_height_m: float = 0.3
    bend_m: float = 0.8  # higher or lower by less, heads may be one that bends, and goes forward by half of that,
    bend_frames: int = 6  # where so many frames found the younger, and hardly any both
    merge_frames: int = 24  # of each camera tell whether two tracks are found together or by turns
    merge_both_nats: float = 2.4  # a frame that finds both: two people 0.85, one person seen twice 0.08
    merge_alone_nats: float = 1.8  # a frame that finds one of them: one person 0.9, two people 0.15
    merge_look: float = 0.4  # cosine of appearance, where no picture shows two
    merge_look_together: float = 0.6  # and where one does: it may show one person twice
    join_speed_mps: float = 1.6
    join_slack_m: float = 1.0
    join_overlap_s: float = 6.0
    tracks_max: int = 4096
    cameras_floor_margin_m: float = 1.5  # sightings further outside the floor are somebody else's


@dataclass(frozen=True, slots=True)
class HandConfig:
    """Hands about their bodies, and whose a wrist is."""

    below_head_m: float = 0.55  # where a hand is when nobody sees it, and how far it strays from there
    spread_m: float = 0.33
    spread_up_m: float = 0.30
    back_s: float = 1.0  # how soon it is back: memory of where it was
    wrist_sd_m: float = 0.06  # wrists are seen so far from where they are, beside the camera's noise
    cross_m: float = 1.5  # arms of people this near can cross
    claim_p: float = 0.97  # that a wrist is whose the detector says
    merged_p: float = 0.05  # that it is of somebody near by whom the frame does not have: two people taken for one
    astray_p: float = 0.005  # that it is no wrist at all, but somewhere about the body
    reach_p: float = 0.02  # that its hand has gone off to anywhere within reach since it was seen last
    kept_s: float = 1.5  # hands of somebody unseen for longer are not followed


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """Which track is whose account: gates, and who could not be told apart."""

    entry_reach_m: float = 1.6  # a track first seen this near an entry line may have come in there
    entry_sd_m: float = 0.7  # spread of those places: two gates side by side are about 1.4 m apart
    entry_after_s: float = 1.5  # somebody who came in is named so much later: late scans come, second sights merge
    scan_lead_s: float = 2.0  # the scan comes before the step over the line
    scan_lead_sd_s: float = 1.5  # earlier than that
    scan_late_sd_s: float = 4.0  # later: people dawdle, and parties come in one by one
    beam_sd_s: float = 1.0  # a beam that knows nobody is cut by the step itself, give or take
    beam_nats: float = -2.0  # that somebody came in whom no scan let in, rather than that something else cut it
    beside_nats: float = -4.5  # that who was let in at one gate comes in through another
    bad_slot_nats: float = -3.0  # who fits a scan worse waits whether somebody better comes
    no_slot_nats: float = -6.0  # a scan that fits worse is somebody else's
    scan_wait_s: float = 12.0  # an entry nobody was seen for is matched for this long
    spot_m: float = 0.5  # who never was further than this from where they came in,
    walked_m: float = 1.0  # who is further than this from there has walked
    spot_s: float = 5.0  # and has been out of sight for so long, was nobody
    exit_reach_m: float = 1.0  # nobody further from an exit's line has gone through it,
    exit_sd_m: float = 0.3  # who has comes so near it,
    exit_mps: float = 0.8  # and may have walked on so fast while unseen,
    exit_unseen_s: float = 3.0  # for so long at most
    exit_twice_nats: float = -4.0  # that who has left cuts the beam once more: two of 150 did
    exit_stayed_s: float = 1.5  # who is seen so long after leaving through an exit,
    exit_stayed_m: float = 0.4  # so far from it, and never was outside, has not
    exit_at_m: float = 0.3  # who is lost so near an exit's line has gone through it,
    exit_aside_m: float = 0.5  # and who is carried on out of the store, or seen outside, so little beside it
    exit_beyond_m: float = 5.0  # and so far behind it: cameras see people for a while who have left
    swap_p_min: float = 0.003  # a smaller chance that two tracks went on as each other is none
    meet_m: float = 2.0  # tracks further apart are not compared
    apart_m: float = 0.8  # two who met are apart again from here on
    apart_seen_s: float = 0.3  # and both in sight
    apart_s: float = 1.5  # for so long, before their looks are compared: a mean look needs a dozen sightings
    same_id_nats: float = 1.5  # a camera that still gives both the ids they had; devices swap ids as well
    same_cart_nats: float = 2.0  # the cart that was beside one still is
    cart_beside_m: float = 1.2
    encounter_nats_max: float = 7.0  # no look settles an encounter beyond this: coats are put on and off
    stranger_p: float = 0.1  # of a track that nobody saw come in being a person at all
    stranger_nats: float = -4.0  # that a track that comes into sight away from an entry is nobody known
    exit_names_nats: float = 5.0  # that an exit which names an account names the right one
    person_p_min: float = 1e-3  # persons less likely than this are left out of a change's readings
    exit_wait_s: float = 3.0  # a track gone at an exit without the gate's word has left after this


@dataclass(frozen=True, slots=True)
class CartConfig:
    """Where carts are and whose they are."""

    accel_sd_mps2: float = 0.8
    sd_m_min: float = 0.05
    rolling_mps: float = 0.25
    hands_over_per_s: float = 0.003  # a cart changes hands, or is taken or left, once in five minutes
    alike_rolling_s: float = 1.0  # reports closer in time say partly the same
    alike_standing_s: float = 15.0  # and while nobody moves the cart for much longer
    push_m: float = 0.8  # who pushes a cart is this near it
    push_sd_m: float = 0.35
    push_sd_mps: float = 0.35  # and about this fast relative to it
    park_m: float = 1.5  # whose cart stands is somewhere this near
    around_m2: float = 30.0  # anybody else is anywhere on so much floor
    walk_sd_mps: float = 0.6  # of a shopper's velocity along one axis, standing and walking
    with_nats_max: float = 5.0
    away_rolling_p: float = 0.03  # a rolling cart without its owner, as far as tracks can tell
    away_standing_p: float = 0.3  # a standing one
    rolls_alone_p: float = 0.05  # a cart rolls without anybody who is known
    owner_p_min: float = 1e-6
    basket_sd_g: float = 8.0  # of one weight a cart reports
    basket_gain_sd: float = 0.01
    basket_bias_sd: float = 0.04  # of packages against the catalogue
    basket_window_s: float = 2.5  # weights this long before and after a move tell what it weighed
    basket_busy_s: float = 0.5  # but not those nearer: a hand is in the basket
    basket_span_g: float = 1200.0  # goods of no known kind weigh anything up to this
    basket_nats_max: float = 4.0  # a move that came with another, or a hand on the rim, says no more against
    basket_step_sds: float = 5.0  # a step of the scale that no camera saw is at least so clear
    basket_step_s: float = 6.0  # within so many seconds of reports
    basket_seen_s: float = 1.0  # a move reported so near it is the same
    unowned_p: float = 0.02  # that nobody beside the cart is known to have what went into it
    move_window_s: float = 4.0  # goods reach the cart this long after the pick at most
    move_nats_max: float = 3.0


@dataclass(frozen=True, slots=True)
class ShelfConfig:
    """Plate levels and change points."""

    block: int = 6  # samples averaged to one block
    settle_blocks: int = 3  # quiet blocks in a row that make a level
    level_blocks_max: int = 20  # a level remembers this many blocks
    noise_sd_g: float = 1.0  # prior of the noise of one block
    noise_sd_g_min: float = 0.15
    noise_blocks: float = 40.0  # memory of the noise estimate
    disturbed_sds: float = 6.0  # a block this far off the level starts a disturbance
    change_sds: float = 4.5  # levels that differ by less are one level
    drift_g_per_sqrt_s: float = 0.15
    disturbed_s_max: float = 8.0  # never quiet for longer: the noise is learned anew
    slow_s: float = 6.0  # a lift in a shaking shelf is compared with the level of at least so long ago
    slow_step_s: float = 2.0  # its moment is known this well
    slow_rest: float = 0.15  # and is over when the level moves by less than this share of it within half a second
    cross_talk: float = 0.015  # of a load shows on the plates beside it
    share_p: float = 0.3  # that a plate beside a load bears a share of it
    press_s: float = 1.5  # a hand rests on what it then lifts for so long, once it lies still,
    press_share: float = 0.3  # and weighs less than this share of it
    plateau_s: float = 0.4  # a level held for a shorter time was a hand, not goods
    together_s: float = 0.45  # steps on neighbouring plates closer in time may be one move
    apart_s: float = 0.25  # what is moved at once moves all its plates within this
    piece_bias: float = 0.03  # real packages against the catalogue, relative
    piece_sds: float = 3.0
    group_wait_s: float = 1.6
    company_s: float = 4.0  # after a step, a plate beside it may swing for so long and still be part of it
    neighbours: int = 2  # plates apart on one shelf
    covered_share: float = 0.25  # of goods on a plate of their facing that a hand covered: mean and spread


@dataclass(frozen=True, slots=True)
class TagConfig:
    """RFID reads at the exit."""

    passing_s: float = 2.5  # a tag is heard within this of its crossing
    passing_sd_s: float = 0.4
    near_dbm: float = -51.0  # the strongest read of a tag that goes through, and of one in the next lane
    near_sd_db: float = 6.0
    far_dbm: float = -60.0
    far_sd_db: float = 5.0
    stranger_nats: float = -4.0  # that a tag is carried past by somebody nobody knows of
    share_min: float = 0.02
    stray_rate: float = 0.002  # tags heard that nobody here carries
    read_rate: float = 0.95  # of tags carried through, prior of what clear trips teach
    read_rate_tags: float = 60.0  # the prior counts as so many tags
    clear_p: float = 0.98  # a trip whose goods are as sure as this teaches how many tags are heard
    witness: float = 1.0  # 0 leaves the portal out
    left_nats: float = -5.5  # that a piece was set down somewhere in the store


@dataclass(frozen=True, slots=True)
class PossessionConfig:
    """What is seen in hands all along."""

    moment_s: float = 3.0  # looks are put together over this long
    before_s: float = 4.0  # goods were handed over at most this long before they are seen
    reach_m: float = 1.5  # between two people who hand something over
    looks_min: int = 4
    looks_sure: int = 8  # more looks say no more
    seen_p_min: float = 0.15  # mean belief in any product at all
    trust: float = 1.0  # of a moment, between 0 (leaves the witness out) and 1
    wrong_p: float = 0.08  # that the classifier means something else
    empty_p: float = 0.055  # that a hand which holds nothing shows something for looks_min looks of a moment,
    empty_looks: float = 3.0  # for so many more it is less likely by e,
    empty_nats_max: float = 4.0  # and at most so much: people hold things of their own
    shelf_m: float = 0.35  # a hand so near to where a product stands may show what stands there,
    shelf_share: float = 0.8  # if it was there for so much of the time that it was shown
    share_min: float = 0.2  # of the belief, for a product to be asked about
    explained_min: float = 0.3  # less than this, against the likeliest product, is not explained by what one has
    given_nats: float = -4.0  # that a piece was handed over without hands being seen to meet
    # More likely where it was last seen in one's hand, by so many looks, and so soon after in the other's: goods that
    # came into sight in a new hand did so 12 of 21 times that they had been handed over, and none of 59 other times.
    passed_nats: float = 3.5
    passed_s: float = 1.5
    passed_looks: int = 3
    met_s: float = 1.0  # hands meet so near the moment when the giver's are last seen with it
    needed_nats: float = -4.0  # and that it was let go of so, where the hand was needed for the next thing
    let_go_nats_min: float = -4.0  # less than this, nobody is asked
    swapped_nats: float = -5.0  # that it was taken in exchange for a piece of the same weight, which no plate tells:
    swapped_g: float = 2.0  # as heavy but for so much,
    swapped_share: float = 0.03  # and for so much of it, as packages differ from the catalogue
    found_nats: float = -4.5  # that it was set down by somebody else and found
    found_after_s: float = 1.0  # goods seen for so long are asked about beyond those who stand near
    found_gone_s: float = 1.0  # and so long after their last hand showed them
    break_s: float = 4.0
    bagged_s: float = 3.0  # people bag what they take within this, or carry it in the hand
    bagged_nats: float = -0.7  # what was bagged at once, where goods are or on the way, is seldom brought out again
    gone_s: float = 5.0  # not seen in the hand for so long before the exit
    gone_nats_per_s: float = 0.4  # the longer it was carried, the less likely it was bagged after all
    gone_nats_max: float = 4.0
    # What is set down is set down standing where no goods are, hardly ever at a shelf, which would weigh it, or on the
    # way. What is seen no more after so long was mostly bagged at the next shelf, where the hand was needed.
    away_nats: float = 2.8
    at_goods_nats: float = -2.0
    walking_nats: float = -1.4
    fallen_nats: float = 0.6  # away from goods: the arm that bore it falls
    bent_nats: float = -1.6  # anywhere: it does not, so that it still bears something
    floor_nats: float = 6.4  # a hand on the floor, once in 700 visits' goods otherwise: shoes are tied seldom
    floor_m: float = 0.15
    floor_sights: int = 3  # of a hand so low,
    floor_goods_m: float = 0.5  # unless goods moved this near it,
    floor_goods_s: float = 1.2  # so long before or after: it was at the lowest shelf
    out_nats: float = 4.5  # a hand that reaches out where nothing is to be had, and nobody near: hardly ever otherwise
    out_soon_nats: float = -2.4  # where it was carried no longer than people take to bag: mostly they did
    out_place_nats: float = -0.6  # wherever one stands who does it, and with an arm that stays bent
    out_m: float = 0.5  # so far from the head, along the floor,
    out_sights: int = 5
    out_span_s: tuple[float, float] = (-1.0, 3.5)  # after the goods were last seen
    out_free_m: float = 0.6  # from where goods, carts and gates are to a hand,
    out_person_m: float = 0.8  # and from others
    out_goods_m: float = 2.5  # no hand is further from the body
    same_m: float = 0.6  # a track of nobody's this near is a second sight
    around_s: float = 0.5
    still_mps: float = 0.3
    goods_m: float = 1.0  # from a body to the plates or the cart it stands at
    hangs_m: float = 0.67  # below the head: a hand with goods in it is half a metre below, an empty one 0.8 m
    hand_sd_max_m: float = 0.16  # a hand known worse than this is not seen
    before_end_s: tuple[float, float] = (-1.5, -0.3)
    after_end_s: tuple[float, float] = (0.7, 1.5)


@dataclass(frozen=True, slots=True)
class StoopConfig:
    """Who stoops where no plate tells of goods."""

    head_m: float = 1.15  # a head so low,
    bent_share: float = 0.75  # for somebody who stands higher by so much: a child does not,
    hand_m: float = 0.35  # and a hand so low
    hand_sd_max_m: float = 0.2  # known so well
    lasts_s: float = 0.15
    break_s: float = 1.2  # goods that moved so long before or after are what it was for
    reach_m: float = 1.2  # from the head, along the floor
    touch_m: float = 0.5  # a hand this near plates that are disturbed is at those
    set_down_nats: float = 5.5  # of a hand on the floor: shoes are tied, and things looked at, as often


@dataclass(frozen=True, slots=True)
class DarkConfig:
    """Hands at plates that say nothing."""

    reach_nats: float = 2.0  # a hand is there that is so much likelier there than one that nobody sees
    reach_s: float = 0.15  # for so long
    break_s: float = 0.6  # away for so long: it is over
    beside_m: float = 0.5  # goods that moved this near may be what the hand was there for
    free_p_min: float = 0.01  # less likely there for nothing else: it was there for those
    takes_p: float = 0.5  # who reaches for goods takes a piece
    puts_p: float = 0.1  # or puts one back that they have


@dataclass(frozen=True, slots=True)
class UnwatchedConfig:
    """People who are out of everybody's sight together."""

    unseen_s: float = 1.0  # unseen for so long beyond what is usual between two sightings
    hands_sd_m: float = 0.25  # one of the two may be in sight, with hands known worse: for half a second unseen
    reach_m: float = 1.5  # two people this near each other can pass something
    together_s: float = 1.0  # for less, nothing passes
    break_s: float = 1.0  # they were in sight for so long, or apart: it is over
    passes_per_s: float = 0.06  # how often something passes between two people whom nobody sees
    passes_p_max: float = 0.25  # that it did either way, however long they stay


@dataclass(frozen=True, slots=True)
class StandingConfig:
    """Where people stand who move goods, and how they bend for them."""

    sd_m: float = 0.25  # along the shelf, from the goods: most people stand before what they take
    wide_sd_m: float = 0.5  # and some reach out sideways
    wide_p: float = 0.3
    around_m: float = 2.4  # who moves nothing is anywhere along so much of it
    behind_nats: float = -2.5  # on the other side of the shelf
    nats_min: float = -4.0
    unseen_s: float = 0.5  # who has not been seen for so long may have moved on
    shoulder: float = 0.83  # of the height of the head
    arm_m: float = 0.72  # from the shoulder to what the hand is at
    bent_m_max: float = 0.6
    bent_m: float = 0.025  # the lowest sights of a head that stays up are so much below where it mostly is
    bent_sd_m: float = 0.04
    drop: float = 0.8  # of what must be bent: heads go forward as well
    drop_sd: float = 0.4  # of that
    other_p: float = 0.12  # people who move none of these goods bend as well
    elsewhere_p: float = 0.25  # that a hand nobody sees, within reach of other goods that move then, is at those;
    elsewhere_p_max: float = 0.8  # at most: the hand that is there may not be what they bend for
    bent_nats_max: float = 3.0
    window_s: float = 0.4  # about the step
    sights: int = 3
    upright_share: float = 0.9  # of the sights of a few seconds show less than how tall one stands
    upright_m: float = 0.05  # a head this near that height is up,
    stands_s: float = 3.0  # and tells where its bearer stands so long before the step and after it,
    forward_m: float = 0.5  # unless that is further than bending takes a head


@dataclass(frozen=True, slots=True)
class AttributionConfig:
    """Explanations of shelf changes and their joint hypotheses."""

    hands: HandConfig = field(default_factory=HandConfig)
    tags: TagConfig = field(default_factory=TagConfig)
    possession: PossessionConfig = field(default_factory=PossessionConfig)
    unwatched: UnwatchedConfig = field(default_factory=UnwatchedConfig)
    dark: DarkConfig = field(default_factory=DarkConfig)
    stoop: StoopConfig = field(default_factory=StoopConfig)
    standing: StandingConfig = field(default_factory=StandingConfig)
    mass_bias_sd: float = 0.03  # real packages against the catalogue, relative
    mass_learn_p: float = 0.98  # changes as sure as this teach what a product's pieces weigh here
    mass_drift_sd: float = 0.003  # batches change: how far the bias may wander from pick to pick
    hidden_p: float = 0.3  # that a share of the goods lies on a plate of their facing that does not show it clearly
    odd_p: float = 0.003  # that goods weigh unlike all of their kind: on a plate that is off, or in a torn package
    odd_sd: float = 0.15  # then by so much, relative
    odd_else_p: float = 0.35  # or else something else moved there as well
    misweighed_p: float = 0.05  # that what a piece weighed when it was taken was not its own weight
    gain_sd: float = 0.01  # of a plate: what it makes of a gram
    hand_sd_m: float = 0.09  # wrist to goods at a real pick
    hand_wrong_p: float = 0.05  # that a hand was not where it was believed to be: it hid, and another was taken for it
    hand_window_s: float = 0.25
    hand_nats_max: float = 6.0
    body_reach_m: float = 0.75
    body_reach_sd_m: float = 0.30
    reach_m_max: float = 2.2
    stray_mps: float = 1.0  # somebody unseen may have walked on so fast
    stray_s_max: float = 10.0  # for so long
    held_window_s: float = 4.0
    held_rare: float = 120.0  # mean belief in goods in the hand, against what it is in hands without them
    held_unseen_p: float = 0.1  # that goods in the hand are not seen in it, though something is
    held_looks_sure: int = 3  # fewer looks say less of what is not there
    held_nats_max: float = 4.5
    in_hand_p: float = 0.3  # of what somebody carries being in the hand when they take something else
    held_apart_s: float = 0.3  # a look so near the moment may show either side of it
    held_kept: float = 0.5  # goods seen after a put-back count so much against it: a wrong name stays wrong
    planogram_p: float = 0.97
    stock_weight: float = 0.5  # how much a misplaced piece counts beside the planogram where it was put
    facing_power: float = 8.0  # how steeply a product is doubted as more of a change lies outside its facing
    qty_max: int = 6
    several_p: float = 0.055  # that two pieces of one product are taken at once, not one,
    qty_decay: float = 0.5  # and one more each time
    loose_decay: float = 0.5  # of goods sold by weight: a further piece each time
    shared_p: float = 0.006  # two people take from one place within the same moment
    combine_p: float = 0.02  # two different products in one change
    swap_p: float = 0.01  # something is set down where something else is taken, within the same moment
    nobody_nats: float = -9.0
    # Somebody who is followed is so likely the one who took what nobody known took, against one who is out of sight.
    followed_share: float = 0.05
    unseen_nats: float = -8.0  # that a piece of one product was taken and no plate noticed: 5 of 3,245 moves were not
    dark_nats: float = -2.5  # the same where its plates say nothing at all
    dark_s: float = 120.0  # and have said nothing within this
    settling_g: float = 2.0  # levels shift by about this much without any goods moving
    press_s: float = 8.0  # a hand that rests on a plate for less may pass for goods, and then leaves
    press_p: float = 0.003  # of a change that soon is undone having been one, and of any other a fourth of it,
    press_g: float = 40.0  # and what they mostly weigh
    press_varies: float = 0.3  # of that, from moment to moment
    lift_s: float = 2.5  # what goes slowly may be told as two changes, so far apart at most,
    lift_nats: float = -3.5  # though seldom, and the heavier the less: it may be told in so many ways
    final_after_s: float = 1e9  # readings older than this are final before their trip ends; never, unless one asks
    hypotheses_max: int = 48  # per group of people who interact
    explanations_max: int = 12  # per shelf change
    sightings_s: float = 12.0
    cart_pass_nats: float = -2.5  # that somebody put goods of their own into another's cart
    cart_owner_p: float = 0.95  # whose cart it is must be this clear
    cart_reach_m: float = 2.0
    cart_carried_s: float = 8.0  # from one cart to another
    cart_goes_nats: float = 4.0  # goods in a cart go with the cart, not with who put them there
    cart_changes_nats: float = (
        -2.0
    )  # that a cart changes hands, against its not having been whose it was believed to be
    cart_lost_nats: float = 0.5  # unless somebody is out of sight, whose cart it may be
    cart_out_nats: float = 3.5  # what came out of the cart and stayed out may well have been set down
    cart_filled: tuple[float, float] = (9.0, 1.0)  # goods of who has a cart, into it and not: 125 of 144
    cart_misses_p: float = 0.07  # that its camera misses one that goes in: 10 of 139
    cart_still_m: float = 1.0  # a cart that is this near to where it stood stands there: it is located so badly
    cart_used_m: float = 3.0  # somebody who pushed a cart so far went about with it
    cart_gone_m: float = 3.0  # from a gate's middle: a cart nearer may be on its way out
    touch_m: float = 0.15  # hands of two people this near may be passing something
    shelf_side_m: float = 0.4  # hands this near a plate are busy with it
    meeting_gap_s: float = 1.0
    meeting_touches: int = 2
    next_pick_m: float = 0.5  # whose hand is so near to goods that are taken may hold them,
    next_pick_s: float = 1.0  # from so long before the step of weight on
    looks_after_s: float = 2.0  # so long after hands met what is held tells what passed
    handover_nats: float = -3.5  # that a piece was passed at the shortest meeting, against nothing
    touch_nats: float = 0.5  # and so much more for every further touch
    touches_max: int = 10
    hold_s_min: float = 4.0  # who puts back sooner than this took it and thought better of it: two moves
    hold_s: float = 40.0  # a hand that keeps goods over their shelf lets go of them within this
    hold_m: float = 0.25  # and stays this near its plates, known this well
    hurry_s: tuple[float, float] = (0.5, 1.3)  # between two changes: more than one moment, less than a reach takes
    hurry_m: float = 0.15  # apart: further than the two hands of one grab
    both_hands_nats: float = -2.5  # that one person's two hands made both at one moment: three of 450 pairs
    hurry_nats: float = -4.5  # that one person made both: none of 800 pairs of moves with truth is so
    weigh_tolerance_g: float = 5.0  # a line sold by weight is right within this,
    weigh_tolerance: float = 0.01  # or within this share of it
    weigh_gain_sd: float = 0.003  # of plates as they are calibrated
    straddling: float = 0.25  # share of a piece that may lie on the plate another takes from at the same moment
    straddling_p: float = 0.3
    straddles_p: float = 0.16  # of pieces of fruit that lie on a second plate: 7 of 44
    p_ambiguous: float = 0.7


@dataclass(frozen=True, slots=True)
class Config:
    """The whole engine's configuration."""

    intake: IntakeConfig = field(default_factory=IntakeConfig)
    clocks: ClockConfig = field(default_factory=ClockConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    identity: IdentityConfig = field(default_factory=IdentityConfig)
    cart: CartConfig = field(default_factory=CartConfig)
    shelf: ShelfConfig = field(default_factory=ShelfConfig)
    attribution: AttributionConfig = field(default_factory=AttributionConfig)
    checkout: CheckoutConfig = field(default_factory=CheckoutConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    # A trip closes this long after the last of the party left: a shelf change is read 4 s after its step, and tags come
    # with the exit. From 8 s down to 5 s no receipt of the suites changes; with the reorder window it is 9.4 s.
    close_lag_ns: int = 5 * SECOND_NS
    track_rows_ns: int = 100_000_000  # tracks.parquet is written at 10 Hz
    track_lag_s: float = 2.0  # what it says of a moment knows at least so much of what followed

    def digest(self) -> str:
        """Return a hash over every value, for run.json."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
