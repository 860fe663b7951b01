#include "actors/sim/course.hpp"

#include <algorithm>
#include <cmath>

namespace lorafleet::sim {

namespace {

constexpr int kMostPauses = 1'000'000;

VirtualDuration rounded(double microseconds) {
  return {static_cast<std::int64_t>(std::llround(microseconds))};
}

class Walk {
 public:
  Walk(VirtualTime start, const Hindrances& hindrances, const CourseLimits& limits)
      : limits_(limits),
        hindrances_(hindrances),
        now_(start),
        horizon_(later(start, bounded_duration(kLongestSeconds))),
        computing_left_(limits.computing_us) {}

  /// False: stopped on the way.
  bool pass(VirtualDuration work, bool computing, VirtualDuration& elapsed,
            VirtualDuration& active) {
    const VirtualTime begun = now_;
    const VirtualDuration paused_before = paused_;
    const bool done = go_on(static_cast<double>(work.microseconds), computing);
    elapsed = now_ - begun;
    active = elapsed - (paused_ - paused_before);
    return done;
  }

  [[nodiscard]] VirtualTime now() const { return now_; }
  [[nodiscard]] bool stranded() const { return stranded_; }

 private:
  bool go_on(double left, bool computing) {
    while (true) {
      if (now_ >= limits_.stop) return false;
      if (hindrances_.online != nullptr) {
        hindrances_.online_period =
            hindrances_.online->at(hindrances_.client, hindrances_.online_period, now_);
        if (!hindrances_.online_period.on) {
          if (!wait_for_return()) return false;
          continue;
        }
      }
      VirtualTime edge = std::min(online_until(), limits_.stop);
      double slowness = 1.0;
      if (computing && hindrances_.slow != nullptr) {
        auto& episode = hindrances_.slow_period;
        episode = hindrances_.slow->at(hindrances_.client, episode, now_);
        if (episode.on) slowness = hindrances_.slow_factor;
        edge = std::min(edge, episode.until);
      }
      const double room = static_cast<double>((edge - now_).microseconds);
      const double need = left * slowness;
      if (computing && computing_left_ < std::min(need, room)) {
        now_ = now_ + rounded(computing_left_);
        return false;
      }
      if (need <= room) {
        now_ = now_ + rounded(need);
        if (computing) computing_left_ -= need;
        return true;
      }
      left -= room / slowness;
      if (computing) computing_left_ -= room;
      now_ = edge;
    }
  }

  bool wait_for_return() {
    const VirtualTime back = hindrances_.online_period.until;
    const VirtualTime until = std::min(back, limits_.stop);
    if (until == back && (back >= horizon_ || ++pauses_ > kMostPauses)) {
      stranded_ = true;
      return false;
    }
    paused_ = paused_ + (until - now_);
    now_ = until;
    return true;
  }

  [[nodiscard]] VirtualTime online_until() const {
    return hindrances_.online == nullptr ? kNever : hindrances_.online_period.until;
  }

  CourseLimits limits_;
  Hindrances hindrances_;
  VirtualTime now_;
  VirtualTime horizon_;
  double computing_left_;
  VirtualDuration paused_;
  int pauses_ = 0;
  bool stranded_ = false;
};

}  // namespace

Course follow(const std::array<VirtualDuration, kPhases>& work, VirtualTime start,
              const Hindrances& hindrances, const CourseLimits& limits) {
  Walk walk(start, hindrances, limits);
  Course course;
  course.done = true;
  std::size_t passed = 0;
  for (; passed < kPhases && course.done; ++passed) {
    course.done = walk.pass(work[passed], passed == kComputePhase, course.elapsed[passed],
                            course.active[passed]);
  }
  if (walk.stranded()) {
    for (std::size_t phase = passed - 1; phase < kPhases; ++phase)
      course.elapsed[phase] = bounded_duration(kLongestSeconds);
  }
  course.end = walk.now();
  course.stranded = walk.stranded();
  return course;
}

}  // namespace lorafleet::sim
