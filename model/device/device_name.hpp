#pragma once

#include <string>
#include <vector>

namespace lorafleet::model {

/// "cpu", "cuda" or "cuda:N".
bool is_device_name(const std::string& name);
/// N of "cuda:N"; 0 of the others.
int device_index(const std::string& name);
/// No GPU.
bool is_cpu(const std::string& name);

/// The name of a device, "cuda:*", which is all GPUs, or several of "cuda:N", each once, with
/// commas between them.
bool is_device_choice(const std::string& choice);
inline constexpr const char* kDeviceChoices =
    "cpu, cuda, cuda:N, cuda:*, or several like cuda:0,cuda:2";
/// The devices that it names, in its order, where there are so many GPUs; "cuda:*" of none is the
/// first one, which is not there either.
std::vector<std::string> chosen_devices(const std::string& choice, int gpus);
/// The first of them.
std::string first_device(const std::string& choice);

/// Of GPUs with these cards, as their driver calls them: empty where all are of one name. Else what
/// is wrong with that, for a job's bytes depend on the card, and the most of them that are alike.
std::string unlike_cards(const std::vector<std::string>& devices,
                         const std::vector<std::string>& cards);

}  // namespace lorafleet::model
