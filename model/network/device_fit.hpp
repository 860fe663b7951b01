#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/network/footprint.hpp"

namespace lorafleet::model {

/// The slots of a GPU.
struct SlotsOfGpu {
  std::string device;
  std::size_t slots = 1;
  std::int64_t free = 0;     ///< bytes that it has left, once the base is there
  std::int64_t scoring = 0;  ///< of these, what evaluation takes beside the slots
};

/// How many jobs each slot can train side by side: as many as wished, or what fits on the GPU that
/// has the least room for them. `warning` says so, also where there may be no room for one in each.
/// Results do not depend on it.
std::size_t jobs_that_fit(const std::vector<SlotsOfGpu>& gpus, std::size_t wished,
                          const DeviceFootprint& takes,
                          const std::function<void(const std::string&)>& warning);

/// How many jobs, at most `most`, a single slot trains side by side on a GPU that has so many bytes
/// in all, of which evaluation takes `scoring`; 0: none.
std::size_t jobs_in(std::int64_t bytes, std::int64_t scoring, std::size_t most,
                    const DeviceFootprint& takes);

/// What jobs take whose passes have so many tokens.
using FootprintOfRows = std::function<DeviceFootprint(std::int64_t rows)>;

/// The most tokens of a pass, up to `most`, with which a job fits on each of the GPUs; 0: none.
std::int64_t rows_that_fit(const std::vector<SlotsOfGpu>& gpus, std::int64_t most,
                           const FootprintOfRows& takes);

/// Throws InputError, with the numbers, where one of them has no room for a single job with a pass
/// of `rows` tokens, even if the estimate is too high by as much as it may be, and no evaluation
/// beside it. `advice`: what needs less, where passes of so many tokens fit.
void check_job_fits(const std::vector<SlotsOfGpu>& gpus, std::int64_t rows,
                    const FootprintOfRows& takes,
                    const std::function<std::string(std::int64_t rows)>& advice);

/// The same for the base alone, of which the estimate is nearly exact: `free` bytes before it is
/// there.
void check_base_fits(const std::string& device, std::int64_t free, const DeviceFootprint& takes);

}  // namespace lorafleet::model
