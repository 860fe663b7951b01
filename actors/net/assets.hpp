#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "actors/net/greetings.hpp"

namespace lorafleet::actors::net {

/// SHA-256 of a file's bytes; of a folder (a base model): of the names and SHA-256 of the files in
/// it that a model is read from (.json, .safetensors, .bin, .txt), in the order of their names.
/// Throws InputError where it cannot be read.
std::string content_hash(const std::filesystem::path& path);

/// Where this machine has an asset: at the head's own path, or anywhere in `folders` under the same
/// name, with the same content. Throws InputError that names both hashes where a candidate differs,
/// or all places that were searched.
std::filesystem::path find_asset(const Asset& asset,
                                 const std::vector<std::filesystem::path>& folders);

}  // namespace lorafleet::actors::net
