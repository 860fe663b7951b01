#include "actors/run/calibration.hpp"
#include "actors/run/trainers/train_kinds.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <thread>

#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "partition/support/comma_list.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "scenarios/schema/toml_text.hpp"
#include "tools/command_line.hpp"
#include "tools/quantization_option.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/footprint_text.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

using actors::CalibrationSetting;
using actors::MeasuredSpeed;

std::vector<std::int64_t> whole_list(const CommandLine& line, const std::string& name) {
  std::vector<std::int64_t> numbers;
  for (const auto& part : split_at_commas(line.text(name))) {
    numbers.push_back(parse_whole(part, "--" + name, 1));
    if (numbers.back() > 1024) {
      throw InputError("--" + name, part + " is out of range; allowed: 1 to 1024");
    }
  }
  return numbers;
}

double read_seconds(const CommandLine& line) {
  const std::string text = line.text("seconds");
  double seconds = 0.0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !(seconds > 0.0) ||
      !std::isfinite(seconds)) {
    throw InputError("--seconds", "\"" + text + "\" is not a number above 0");
  }
  return seconds;
}

/// What the options say about a model that comes without a scenario.
actors::FederationConfig read_model_options(const CommandLine& line) {
  actors::FederationConfig config;
  config.model.path = line.text("model");
  if (line.has("dtype")) config.model.dtype = line.text("dtype");
  config.model.quantization = quantization_option(line, config.model.path);
  if (line.has("rank")) config.lora.r = line.whole("rank", 1);
  if (line.has("modules")) config.lora.target_modules = split_at_commas(line.text("modules"));
  if (line.has("batch-tokens")) config.train.batch_tokens = line.whole("batch-tokens", 1);
  if (line.has("max-tokens")) config.encoding.max_tokens = line.whole("max-tokens", 2);
  if (line.has("device")) config.slots.device = line.text("device");
  return config;
}

actors::FederationConfig read_calibrated(const CommandLine& line) {
  if (line.has("SCENARIO") == line.has("model")) {
    throw InputError("calibrate", "needs either SCENARIO or --model");
  }
  if (line.has("model")) {
    if (line.has("set")) throw InputError("--set", "needs SCENARIO");
    return read_model_options(line);
  }
  for (const char* name :
       {"dtype", "quantization", "rank", "modules", "batch-tokens", "max-tokens", "device"}) {
    if (line.has(name)) {
      throw InputError(std::string("--") + name, "needs --model; allowed here: --set");
    }
  }
  auto config = read_scenario_argument(line).federation;
  if (!actors::has_base(config)) {
    throw InputError("train.kind", "\"" + config.train.kind + "\" trains nothing; allowed: lora");
  }
  return config;
}

std::vector<CalibrationSetting> read_settings(const CommandLine& line,
                                              const actors::FederationConfig& config) {
  std::vector<std::int64_t> threads = {config.slots.threads};
  if (line.has("threads")) threads = whole_list(line, "threads");
  std::vector<std::int64_t> cohorts = {static_cast<std::int64_t>(config.slots.jobs_of_slot())};
  if (line.has("cohort")) cohorts = whole_list(line, "cohort");
  std::vector<CalibrationSetting> settings;
  for (const std::int64_t slots : whole_list(line, "slots")) {
    for (const std::int64_t count : threads) {
      for (const std::int64_t cohort : cohorts)
        settings.push_back({static_cast<std::size_t>(slots), static_cast<int>(count),
                            static_cast<std::size_t>(cohort)});
    }
  }
  return settings;
}

/// To four significant figures, as TOML takes it.
std::string rounded(double value) {
  if (!(value > 0.0) || !std::isfinite(value)) return "0.0";
  const double unit = std::pow(10.0, 3.0 - std::floor(std::log10(value)));
  return shortest(std::round(value * unit) / unit);
}

std::string setting_text(const CalibrationSetting& setting) {
  return std::to_string(setting.slots) + (setting.slots == 1 ? " slot of " : " slots of ") +
         std::to_string(setting.threads) + (setting.threads == 1 ? " thread" : " threads") +
         (setting.jobs_of_slot == 1 ? ""
                                    : " and " + std::to_string(setting.jobs_of_slot) + " jobs");
}

/// What the process should have at its peak: what it had before, the base, and what slots take.
std::int64_t expected_bytes(const model::Footprint& takes, std::int64_t before, std::size_t slots) {
  return before + takes.base_bytes + takes.packed_bytes +
         static_cast<std::int64_t>(slots) *
             (takes.adapter_bytes + takes.activation_bytes + takes.dense_bytes);
}

/// `takes` is null where the memory is not the host's.
std::string table(const std::vector<MeasuredSpeed>& speeds, double flops_per_token,
                  const model::Footprint* takes, std::int64_t before) {
  std::vector<std::vector<std::string>> rows = {
      {"", "jobs", "tokens/s a slot", "10 to 90 %", "jitter", "all slots", "useful GFLOP/s"}};
  if (takes != nullptr) rows.front().insert(rows.front().end(), {"peak memory", "estimate"});
  for (const auto& speed : speeds) {
    rows.push_back({setting_text(speed.setting), grouped(static_cast<std::int64_t>(speed.jobs)),
                    figure(speed.tokens_per_second),
                    figure(speed.low) + " to " + figure(speed.high), figure(speed.sigma),
                    figure(speed.total_tokens_per_second),
                    figure(speed.total_tokens_per_second * flops_per_token * 1e-9)});
    if (takes == nullptr) continue;
    const std::int64_t expected = expected_bytes(*takes, before, speed.setting.slots);
    rows.back().push_back(megabytes(static_cast<double>(speed.peak_rss_bytes)));
    rows.back().push_back(megabytes(static_cast<double>(expected)));
  }
  return aligned(rows);
}

std::string tier_text(const MeasuredSpeed& speed, const std::string& name, bool teraflops,
                      double flops_per_token) {
  const std::string text =
      teraflops ? "teraflops = " + rounded(speed.tokens_per_second * flops_per_token * 1e-12)
                : "tokens_per_second = " + rounded(speed.tokens_per_second);
  return "  { name = " + scenarios::toml_string(name) + ", share = 1.0, " + text + " },  # " +
         setting_text(speed.setting) + ", the median of " + std::to_string(speed.jobs) + " jobs\n";
}

std::string devices_toml(const CommandLine& line, const std::vector<MeasuredSpeed>& speeds,
                         double flops_per_token) {
  std::string text = "[devices]\ntiers = [\n";
  std::size_t jobs = 0;
  for (const auto& speed : speeds) {
    jobs += speed.jobs;
    std::string name = line.text("name");
    if (speeds.size() > 1) {
      name +=
          "-" + std::to_string(speed.setting.slots) + "x" + std::to_string(speed.setting.threads);
      if (speed.setting.jobs_of_slot > 1) name += "x" + std::to_string(speed.setting.jobs_of_slot);
    }
    text += tier_text(speed, name, line.text("unit") == "teraflops", flops_per_token);
  }
  const double sigma = actors::pooled_sigma(speeds);
  text += "]\n";
  if (sigma > 0.0) {
    text += "jitter = { distribution = \"lognormal\", sigma = " + rounded(sigma) + " }";
    text += jobs < 10 ? "  # from few jobs; raise --seconds\n" : "\n";
  }
  return text;
}

}  // namespace

int calibrate_command(const Arguments& arguments) {
  CommandLine line("calibrate",
                   "Measures how fast this machine trains a model with LoRA, by training real "
                   "jobs, and prints the [devices] of a scenario.",
                   "calibrate scenarios/quickstart.toml --slots 1,2 --seconds 20");
  line.optional_positional("SCENARIO", "its model, adapter, training settings and clients' data");
  line.repeated("set", "K=V", "set a key of the scenario; may be repeated");
  line.option("model", "DIR", "instead of SCENARIO: a Hugging Face directory, on made-up tokens");
  line.option("dtype", "NAME", "with --model: float32, bfloat16, float16; default: float32");
  line.option("quantization", "NAME",
              "with --model: none, int8, nf4; default: as in the base's files");
  line.option("rank", "N", "with --model: LoRA's rank; default: 8");
  line.option("modules", "LIST", "with --model: what is adapted; default: q_proj,v_proj");
  line.option("batch-tokens", "N", "with --model: tokens a step; default: 2048");
  line.option("max-tokens", "N", "with --model: longest example; default: 256");
  line.option("device", "NAME", "with --model: slots.device of a scenario; default: cpu");
  line.option("slots", "LIST", "how many slots train at a time, one or several numbers", "1");
  line.option("cohort", "LIST",
              "jobs that share a slot; default: the scenario's slots.cohort, so 1, on a GPU 16");
  line.option("threads", "LIST", "intra-op threads of a job; default: the scenario's, else 1");
  line.option("seconds", "X", "for each combination of them", "10");
  line.option("unit", "NAME", "of the tiers: tokens (a second) or teraflops", "tokens");
  line.option("name", "TEXT", "of the tiers", "this-machine");
  line.flag("quiet", "no table and no progress on stderr");
  line.note(
      "stdout gets TOML with a tier for each combination: the speed is the median over the jobs "
      "of\n"
      "one slot, jitter's sigma the deviation of the logarithm of the jobs' times per token. "
      "stderr\n"
      "gets a table with the spread.");
  if (!line.parse(arguments)) return kDone;
  auto config = read_calibrated(line);
  const auto settings = read_settings(line, config);
  config.slots.count = config.slots.cohort = 0;
  for (const auto& setting : settings) {
    const auto cohort = static_cast<std::int64_t>(setting.jobs_of_slot);
    config.slots.count = std::max(config.slots.count, static_cast<std::int64_t>(setting.slots));
    config.slots.cohort = std::max(config.slots.cohort, cohort);
  }
  const double seconds = read_seconds(line);
  if (line.text("unit") != "tokens" && line.text("unit") != "teraflops") {
    throw InputError("--unit",
                     "\"" + line.text("unit") + "\" is not known; allowed: tokens, teraflops");
  }
  const bool quiet = line.on("quiet");
  const auto log = [quiet](const std::string& text) {
    if (!quiet) std::cerr << text << "\n";
  };
  model::configure_thread(static_cast<int>(config.slots.threads));
  const auto work = line.has("model") ? actors::synthetic_work(config, print_warning)
                                      : actors::scenario_work(config, log, print_warning);
  for (const auto& text : model::runtime_warnings())
    print_warning(text);
  std::vector<MeasuredSpeed> speeds;
  for (const auto& setting : settings) {
    log("training with " + setting_text(setting));
    model::reset_peak_rss();
    speeds.push_back(actors::summarise_speed(
        setting, actors::time_jobs(*work.trainer, work.jobs, setting, seconds)));
    speeds.back().peak_rss_bytes = model::peak_rss_bytes();
  }
  const auto info = model::runtime_info(config.slots.device);
  const std::string where = (work.devices > 1 ? std::to_string(work.devices) + " x " : "") +
                            (model::is_cpu(config.slots.device) ? info.cpu : info.device) +
                            ", LibTorch " + info.libtorch + ", " + info.kernels +
                            " kernels of BLAS";
  const auto takes = footprint_of(config).value();
  const bool on_host = model::is_cpu(config.slots.device);
  log(where + "\n" + join(footprint_lines(config), "\n") + "\n" +
      table(speeds, work.train_flops_per_token, on_host ? &takes : nullptr, work.rss_before_base));
  std::cout << "# " << config.model.path.filename().string() << " in " << format_text(config.model)
            << " on " << where << "\n"
            << devices_toml(line, speeds, work.train_flops_per_token);
  return kDone;
}

}  // namespace lorafleet::tools
