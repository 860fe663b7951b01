#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/run/progress.hpp"

namespace lorafleet::actors {

/// What a head tells those who ask how its run goes.
struct HeadStatus {
  struct Host {
    std::string name;
    std::string address;
    bool works = false;  ///< else it prepares
    std::uint32_t slots = 0;
    std::size_t jobs = 0;
    std::uint64_t updates = 0;
    std::int64_t tokens = 0;  ///< of these
    std::size_t versions_held = 0;
  };

  std::string run;
  bool started = false;
  Progress progress;
  std::size_t jobs_waiting = 0;
  std::int64_t own_slots = 0;
  std::size_t own_jobs = 0;
  std::vector<Host> hosts;
};

/// One line of JSON; what is no UTF-8 is replaced.
std::string status_json(const HeadStatus& status);

}  // namespace lorafleet::actors
