#include "model/device/device_name.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "partition/support/comma_list.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

constexpr std::string_view kGpu = "cuda";
constexpr std::string_view kAllGpus = "cuda:*";

}  // namespace

bool is_device_name(const std::string& name) {
  if (is_cpu(name) || name == kGpu) return true;
  if (!name.starts_with("cuda:")) return false;
  const std::string_view number = std::string_view(name).substr(kGpu.size() + 1);
  const bool digits =
      std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && (number.size() == 1 || (number.size() == 2 && number[0] != '0'));
}

int device_index(const std::string& name) {
  const std::size_t colon = name.find(':');
  return colon == std::string::npos ? 0 : std::stoi(name.substr(colon + 1));
}

bool is_cpu(const std::string& name) {
  return name == "cpu";
}

bool is_device_choice(const std::string& choice) {
  if (choice == kAllGpus || is_device_name(choice)) return true;
  std::vector<std::string> names = split_at_commas(choice);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end() &&
         std::all_of(names.begin(), names.end(), [](const std::string& name) {
           return is_device_name(name) && name.find(':') != std::string::npos;
         });
}

std::vector<std::string> chosen_devices(const std::string& choice, int gpus) {
  if (choice != kAllGpus) return split_at_commas(choice);
  std::vector<std::string> all;
  for (int index = 0; index < std::max(1, gpus); ++index)
    all.push_back("cuda:" + std::to_string(index));
  return all;
}

std::string first_device(const std::string& choice) {
  return chosen_devices(choice, 1).front();
}

std::string unlike_cards(const std::vector<std::string>& devices,
                         const std::vector<std::string>& cards) {
  std::vector<std::string> most;
  std::size_t other = 0;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    if (cards[i] != cards.front() && other == 0) other = i;
    std::vector<std::string> alike;
    for (std::size_t j = 0; j < cards.size(); ++j) {
      if (cards[j] == cards[i]) alike.push_back(devices[j]);
    }
    if (alike.size() > most.size()) most = std::move(alike);
  }
  if (other == 0) return {};
  return devices.front() + " is \"" + cards.front() + "\" and " + devices[other] + " \"" +
         cards[other] + "\", so that results would depend on which of them a job runs on; " +
         "allowed: GPUs of one name, like " + join(most, ",");
}

}  // namespace lorafleet::model
