// What training several clients in the same pass over the base gains: tokens a second by the size
// of the cohort, their share of the device's largest product, memory, and whether a client's update
// has the same bytes in each (bench/README.md).

#include <c10/util/Exception.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/cohorts/work.hpp"
#include "bench/support/bases.hpp"
#include "bench/support/largest_product.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/options.hpp"
#include "bench/support/trace.hpp"
#include "model/device/device_allocator.hpp"
#include "model/device/device_memory.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/files/dtype.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

struct Options {
  std::string dtype;
  std::vector<std::size_t> cohorts;
  std::size_t slots = 1;
  std::int64_t tokens = 0;
  double seconds = 0.0;
  std::string device = tests::bench_device();
  SquareProduct product;
};

/// Memory that was not to be had.
class DoesNotFit : public RuntimeFailure {
 public:
  using RuntimeFailure::RuntimeFailure;
};

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", bytes * 1e-9);
  return text;
}

/// The most memory that was taken since reset_peak.
struct Peak {
  double bytes = 0.0;
  const char* of = "resident";  ///< or "tensors" of a GPU, or all that is "in use" there
  std::int64_t refusals = 0;    ///< of a GPU's allocator, since the process began
};

void reset_peak(const std::string& device) {
  model::is_cpu(device) ? void(model::reset_peak_rss())
                        : model::reset_allocator_peak(model::device_index(device));
}

Peak peak_of(const std::string& device) {
  if (model::is_cpu(device)) return {static_cast<double>(model::peak_rss_bytes())};
  if (const auto stats = model::allocator_stats(model::device_index(device))) {
    return {static_cast<double>(stats->peak_bytes), "tensors", stats->refusals};
  }
  std::size_t free = 0, total = 0;
  void* const info = model::loaded("cudaMemGetInfo");
  if (info != nullptr) reinterpret_cast<int (*)(std::size_t*, std::size_t*)>(info)(&free, &total);
  return {static_cast<double>(total - free), "in use"};
}

/// Of all slots together; each has a thread.
double tokens_per_second(const std::vector<std::unique_ptr<model::Cohort>>& cohorts,
                         const Work& work, std::size_t size, double seconds) {
  std::atomic<std::int64_t> tokens = 0;
  const auto began = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  std::vector<std::future<void>> slots;
  for (const auto& cohort : cohorts) {
    slots.push_back(std::async(std::launch::async, [&] {
      model::configure_thread(1);
      while (passed() < seconds) {
        train_round(*cohort, work, size);
        tokens += work.job_tokens * static_cast<std::int64_t>(size);
      }
    }));
  }
  for (std::future<void>& slot : slots)
    slot.get();
  return static_cast<double>(tokens) / passed();
}

/// The cohorts of one base.
class BaseRuns {
 public:
  BaseRuns(const Base& base, const Options& options) : base_(base), options_(options) {
    if (model::is_cpu(options.device)) {
      memory_ = host_memory(config(), options.tokens);
      available_ = static_cast<double>(available_bytes());
    }
    require(memory_.base);
    work_ =
        std::make_unique<Work>(config(), options.device, options.tokens,
                               *std::max_element(options.cohorts.begin(), options.cohorts.end()));
    trainer_ = model::make_lora_trainer(work_->base, work_->data, work_->lora, work_->train);
  }

  /// Empty where a trace is written instead.
  Json measure(std::size_t size) {
    const auto slots = static_cast<double>(options_.slots);
    require(memory_.base + slots * (static_cast<double>(size) * memory_.job + memory_.pass));
    reset_peak(options_.device);
    const std::int64_t refusals = peak_of(options_.device).refusals;
    std::vector<std::unique_ptr<model::Cohort>> cohorts;
    for (std::size_t slot = 0; slot < options_.slots; ++slot)
      cohorts.push_back(trainer_->cohort(slot));
    for (const auto& own : cohorts)
      train_round(*own, *work_, size);  // warm-up
    model::Cohort& cohort = *cohorts.front();
    const std::vector<float> update = train_round(cohort, *work_, size).front();
    if (first_update_.empty()) first_update_ = update;
    if (const char* folder = std::getenv("LORAFLEET_BENCH_TRACE")) {
      trace(std::string(folder) + "/" + base_.name + "-" + std::to_string(size) + ".json",
            [&] { train_round(cohort, *work_, size); });
      return {};
    }
    const double speed = tokens_per_second(cohorts, *work_, size, options_.seconds);
    if (first_speed_ == 0.0) first_speed_ = speed;
    const Peak peak = peak_of(options_.device);
    const double flops = speed * work_->flops_per_token();
    // A CPU's slots have a thread each, the product had one.
    const double bound =
        options_.product.flops_per_second * (model::is_cpu(options_.device) ? slots : 1.0);
    return {{"tokens_per_second", speed},
            {"against_first", speed / first_speed_},
            {"useful_flops_per_second", flops},
            {"share_of_product", flops / bound},
            {"peak_bytes", peak.bytes},
            {"peak_of", peak.of},
            {"in_parts", peak.refusals > refusals},
            {"same_bytes", update == first_update_}};
  }

  [[nodiscard]] std::string targets() const { return join(work_->lora.target_modules, " "); }

 private:
  [[nodiscard]] model::ModelConfig config() const { return {base_.path, options_.dtype}; }

  void require(double bytes) const {
    if (available_ == 0.0 || bytes <= available_) return;
    throw DoesNotFit("takes about " + gigabytes(bytes) + ", " + gigabytes(available_) +
                     " are free");
  }

  const Base& base_;
  const Options& options_;
  HostMemory memory_;
  double available_ = 0.0;  ///< of the machine's memory; 0: not asked
  std::unique_ptr<Work> work_;
  std::unique_ptr<model::Trainer> trainer_;
  std::vector<float> first_update_;
  double first_speed_ = 0.0;
};

/// What `work` found, or why it found nothing: "does_not_fit" or "failed".
Json attempt(const std::function<Json()>& work) {
  try {
    return work();
  } catch (const DoesNotFit& error) {
    return {{"does_not_fit", error.what()}};
  } catch (const c10::OutOfMemoryError& error) {
    return {{"does_not_fit", error.what_without_backtrace()}};
  } catch (const std::bad_alloc&) {
    return {{"does_not_fit", "no memory"}};
  } catch (const std::exception& error) {
    // How the trainer says that there is none even for one job.
    const bool full = std::string_view(error.what()).starts_with("there is no memory for ");
    return {{full ? "does_not_fit" : "failed", error.what()}};
  }
}

std::string line_of(const Json& row) {
  for (const char* problem : {"does_not_fit", "failed"}) {
    if (!row.contains(problem)) continue;
    std::string text = row.at(problem).get<std::string>();
    text = text.substr(0, text.find('\n'));
    return (std::string(problem) == "failed" ? "failed: " : "does not fit: ") + text;
  }
  const auto number = [&](const char* key) { return row.at(key).get<double>(); };
  char text[160];
  std::snprintf(text, sizeof text, "%12.0f %9.2fx %12.3f %8.1f %% %9.2f  %s%s",
                number("tokens_per_second"), number("against_first"),
                1e-12 * number("useful_flops_per_second"), 100.0 * number("share_of_product"),
                1e-9 * number("peak_bytes"),
                row.at("same_bytes").get<bool>() ? "same bytes" : "OTHER BYTES",
                row.at("in_parts").get<bool>() ? ", passes in parts for want of memory" : "");
  return text;
}

/// One base after the other: the memory of each is given back.
class Report {
 public:
  Report(Json head, std::string file) : json_(std::move(head)), file_(std::move(file)) {
    json_["measurements"] = Json::array();
  }

  void add(const std::string& base, std::size_t size, const Json& found) {
    if (found.empty()) return;
    Json row = {{"base", base}, {"cohort", size}};
    row.update(found);
    std::printf("%-14s %7zu %s\n", base.c_str(), size, line_of(found).c_str());
    std::fflush(stdout);
    complete_ = complete_ && !found.contains("failed") && found.value("same_bytes", true);
    json_["measurements"].push_back(std::move(row));
    if (!file_.empty()) write_file(file_, json_.dump(1) + "\n");
  }
  /// Nothing failed, and all updates had the same bytes.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  Json json_;
  std::string file_;
  bool complete_ = true;
};

/// Before a base is written that is larger than all memory that there is.
void require_room(const Base& base, const Options& options) {
  const double bytes = base.weights * (options.dtype == "float32" ? 4.0 : 2.0);
  const auto on_gpu = model::free_memory(options.device, &model::loaded);
  const auto free = static_cast<double>(on_gpu ? *on_gpu : available_bytes());
  if (free == 0.0 || bytes <= free) return;
  throw DoesNotFit("its weights take " + gigabytes(bytes) + ", " + gigabytes(free) + " are free");
}

void measure_base(const Base& base, const Options& options, Report& report) {
  std::unique_ptr<BaseRuns> runs;
  const Json problem = attempt([&] {
    require_room(base, options);
    write_where_missing(base);
    runs = std::make_unique<BaseRuns>(base, options);
    return Json();
  });
  for (const std::size_t size : options.cohorts) {
    report.add(base.name, size, runs ? attempt([&] { return runs->measure(size); }) : problem);
    model::empty_allocator_cache();
    if (!runs) break;
  }
}

int benchmark(const tools::CommandLine& line) {
  Options options;
  options.dtype = line.text("dtype");
  model::weight_type_named(options.dtype, "--dtype");
  options.tokens = line.whole("tokens", 16);
  options.slots = static_cast<std::size_t>(line.whole("slots", 1));
  options.seconds = seconds_of(line);
  for (const auto& text : list_of(line, "cohorts"))
    options.cohorts.push_back(static_cast<std::size_t>(tools::parse_whole(text, "--cohorts", 1)));
  const tests::TemporaryFolder temporary;
  const std::filesystem::path folder =
      line.has("bases") ? std::filesystem::path(line.text("bases")) : temporary.path();
  make_folder(folder);
  std::vector<Base> bases;
  for (const auto& name : list_of(line, "base"))
    bases.push_back(base_named(name, folder, "--base"));
  model::configure_thread(1);
  options.product = largest_product(
      options.device,
      line.has("product") ? line.whole("product", 1) : usual_product_size(options.device), 0.5);
  const std::string card = model::runtime_info(options.device).device;
  std::printf(
      "%s on %s; jobs of %zu steps of %lld tokens, %.0f %% labels, r = 8, %zu %s\n"
      "largest product: %lld cubed, bfloat16, %.3f TFLOP/s\n",
      options.dtype.c_str(), card.c_str(), kJobSteps, static_cast<long long>(options.tokens),
      100.0 * kLabelShare, options.slots, options.slots == 1 ? "slot" : "slots",
      static_cast<long long>(options.product.size), 1e-12 * options.product.flops_per_second);
  std::printf("%-14s %7s %12s %10s %12s %10s %9s  %s\n", "base", "clients", "tokens/s", "of first",
              "TFLOP/s", "share", "peak GB", "client 0's update");
  Json head;
  head["machine"] = describe_machine();
  head["card"] = card;
  head["dtype"] = options.dtype;
  head["slots"] = options.slots;
  head["step_tokens"] = options.tokens;
  head["label_share"] = kLabelShare;
  head["seconds"] = options.seconds;
  head["product"] = {{"size", options.product.size},
                     {"flops_per_second", options.product.flops_per_second}};
  Report report(std::move(head), line.has("json") ? line.text("json") : "");
  for (const Base& base : bases)
    measure_base(base, options, report);
  return report.complete() ? tools::kDone : tools::kFailed;
}

int run(const tools::Arguments& arguments) {
  tools::CommandLine line(
      "bench_cohorts",
      "Measures clients that train side by side in one pass, by how many they are.",
      "bench_cohorts --base opt-125m,llama-3.2-1b --cohorts 1,16 --json here.json", "");
  line.option("base", "LIST",
              "folders, or sizes that are written with random weights, such as opt-125m",
              "opt-mini");
  line.option("dtype", "NAME", "of the frozen base: float32, bfloat16, float16", "bfloat16");
  line.option("cohorts", "LIST", "clients that share a pass, on each slot", "1,4,16,32");
  line.option("slots", "N", "threads that train a cohort each", "1");
  line.option("tokens", "N", "of a client's step", "1024");
  line.option("seconds", "X", "for each measurement, after a warm-up", "5");
  line.option("product", "N",
              "rows of the product that sets the share: 8192 on a GPU, 1024 on a CPU");
  line.option("bases", "DIR", "keep the written bases there, and take those that are there");
  line.option("json", "FILE", "write all measurements there too, after each of them");
  line.note(
      "LORAFLEET_BENCH_DEVICE=cuda:0 measures a GPU. LORAFLEET_BENCH_TRACE=FOLDER writes a trace "
      "of a round of each cohort's there instead.");
  if (!line.parse(arguments)) return tools::kDone;
  return benchmark(line);
}

}  // namespace
}  // namespace lorafleet::bench

int main(int argc, char** argv) {
  lorafleet::model::configure_process();
  try {
    return lorafleet::bench::run({argv + 1, argv + argc});
  } catch (const lorafleet::InputError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return lorafleet::tools::kBadInput;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return lorafleet::tools::kFailed;
  }
}
