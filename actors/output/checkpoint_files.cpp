#include "actors/output/checkpoint_files.hpp"

#include <algorithm>
#include <cctype>

#include "actors/output/checkpoint_tensors.hpp"
#include "actors/output/json_fields.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 4;
constexpr std::size_t kKept = 2;

/// Numbers of the checkpoints in a folder, newest first.
std::vector<std::uint64_t> checkpoint_numbers_in(const fs::path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool digits =
        !name.empty() && name.size() <= 18 &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (digits) numbers.push_back(std::stoull(name));
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

std::string padded(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

Json read_envelope(const fs::path& file) {
  const auto envelope = Json::parse(read_file(file));
  if (envelope.at("format") != kFormat) {
    throw InputError(file.string(), "is a checkpoint of format " + envelope.at("format").dump() +
                                        "; this program reads format " + std::to_string(kFormat));
  }
  if (sha256_hex(envelope.at("payload").dump()) != envelope.at("sha256").get<std::string>()) {
    throw std::runtime_error("its checksum does not match");
  }
  return envelope.at("payload");
}

}  // namespace

CheckpointFiles::CheckpointFiles(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  const auto numbers = checkpoint_numbers_in(folder_);
  if (!numbers.empty()) next_ = numbers.front() + 1;
}

void CheckpointFiles::write(const RunCheckpoint& checkpoint) {
  const fs::path final = folder_ / padded(next_);
  const fs::path temporary = folder_ / ("writing-" + padded(next_));
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  make_folder(temporary);
  try {
    TensorSink sink;
    Json payload;
    payload["run"] = json_of(checkpoint, sink);
    payload["identity"] = identity_;
    payload["tables"] = sink.write(temporary / "tensors.safetensors");
    payload["tensors_sha256"] = sha256_hex(read_file(temporary / "tensors.safetensors"));
    Json envelope;
    envelope["format"] = kFormat;
    envelope["sha256"] = sha256_hex(payload.dump());
    envelope["payload"] = std::move(payload);
    write_file(temporary / "state.json", envelope.dump());
    rename_folder(temporary, final);
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
  }
  ++next_;
  const auto numbers = checkpoint_numbers_in(folder_);
  for (std::size_t i = kKept; i < numbers.size(); ++i)
    fs::remove_all(folder_ / padded(numbers[i]), ignored);
}

void CheckpointFiles::remove() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::optional<RunCheckpoint> CheckpointFiles::read_latest(
    std::uint64_t events_bytes, const std::function<void(const std::string&)>& warning) const {
  const auto numbers = checkpoint_numbers_in(folder_);
  for (const std::uint64_t number : numbers) {
    const fs::path folder = folder_ / padded(number);
    Json payload;
    try {
      payload = read_envelope(folder / "state.json");
      const auto expected = payload.at("tensors_sha256").get<std::string>();
      if (sha256_hex(read_file(folder / "tensors.safetensors")) != expected) {
        throw std::runtime_error("the checksum of tensors.safetensors does not match");
      }
    } catch (const Json::exception&) {
      warning(folder.string() + ": passed over, since it is damaged: state.json cannot be read");
      continue;
    } catch (const std::exception& damage) {
      warning(folder.string() + ": passed over, since it is damaged: " + damage.what());
      continue;
    }
    if (payload.at("identity") != identity_) {
      throw InputError(
          folder.string(),
          "is a checkpoint of another scenario; allowed: the scenario that the run "
          "was started with (only [slots] count and cohort, which GPUs, model.packing, "
          "train.recompute, [checkpoint], [output], [tls] and [expect] may differ)");
    }
    const auto needed = payload.at("run").at("recorder").at("events_bytes").get<std::uint64_t>();
    if (needed > events_bytes) {
      warning(folder.string() + ": passed over: it needs the first " + std::to_string(needed) +
              " bytes of the event log, which has " + std::to_string(events_bytes));
      continue;
    }
    const TensorSource source(folder / "tensors.safetensors", payload.at("tables"));
    RunCheckpoint checkpoint;
    read_json(payload.at("run"), checkpoint, source);
    return checkpoint;
  }
  if (!numbers.empty()) {
    warning(folder_.string() + ": none of its checkpoints is of use; the run starts again");
  }
  return std::nullopt;
}

}  // namespace lorafleet::actors
