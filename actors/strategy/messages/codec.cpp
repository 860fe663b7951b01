#include "actors/strategy/messages/codec.hpp"

namespace lorafleet::strategy {

CodecEntry float16();
CodecEntry bfloat16();
CodecEntry int8();
CodecEntry topk();

const Registry<CodecEntry>& codecs() {
  static const Registry<CodecEntry> kRegistry(
      "network.compress_up",
      {{.name = "none", .make = [](const sim::NetworkConfig&) -> CodecPtr { return nullptr; }},
       float16(),
       bfloat16(),
       int8(),
       topk()});
  return kRegistry;
}

std::vector<std::string> uplink_codecs() {
  return codecs().names();
}

std::vector<std::string> downlink_codecs() {
  return codecs().names_where([](const CodecEntry& codec) { return !codec.sparse; });
}

CodecPtr uplink_codec(const sim::NetworkConfig& network) {
  return codecs().make(network.compress_up, network);
}

CodecPtr downlink_codec(const sim::NetworkConfig& network) {
  const CodecEntry* entry = codecs().find(network.compress_down);
  if (entry != nullptr && !entry->sparse) return entry->make(network);
  throw InputError(
      "network.compress_down",
      "\"" + network.compress_down + "\" is not known; known: " + join(downlink_codecs()));
}

}  // namespace lorafleet::strategy
