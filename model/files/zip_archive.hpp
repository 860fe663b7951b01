#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace lorafleet::model {

/// The members of a ZIP archive in memory by name, zip64 included (PKWARE's APPNOTE 6.3): stored
/// ones only, as torch.save writes them, so that a tensor is a view of the mapped file; libzip
/// would copy each of them out, a second time the whole checkpoint. Each offset and length is
/// checked. Throws InputError, naming `name` and the member, also for members that are compressed
/// or encrypted.
std::map<std::string, std::span<const std::byte>> read_zip(std::span<const std::byte> bytes,
                                                           const std::string& name);

}  // namespace lorafleet::model
