#pragma once

#include <string_view>
#include <vector>

namespace lorafleet::fuzz {

/// A reader of files from outside, given any bytes.
struct Target {
  const char* name;  ///< of its folders in corpus/ and findings/
  /// May throw InputError or RuntimeFailure; anything else is a finding.
  void (*read)(std::string_view input);
};

const std::vector<Target>& targets();
/// Throws std::out_of_range for an unknown name.
const Target& find_target(std::string_view name);

/// Reads the input; returns whether it was accepted. Lets through every exception that is a
/// finding.
bool accepts(const Target& target, std::string_view input);

void read_safetensors(std::string_view input);
void read_torch_file(std::string_view input);
/// "\x1e" ends each part but the last: tokenizer.json and a text, or vocab.json, merges.txt,
/// tokenizer_config.json, special_tokens_map.json, added_tokens.json and a text.
void read_tokenizer(std::string_view input);
/// A template; behind "\x1e", where it is there, what everybody says.
void read_chat_template(std::string_view input);
/// The first byte picks the format, the task of GLUE, and whether there are labels.
void read_data(std::string_view input);
void read_scenario(std::string_view input);
/// The first byte picks: config.json, adapter_config.json or the index of sharded weights.
void read_model_json(std::string_view input);
/// The state's JSON of a weight in NF4, as bitsandbytes writes it; the first byte picks the block
/// size, and whether the magnitudes of blocks are quantised themselves.
void read_quant_state(std::string_view input);
void read_manifest(std::string_view input);
/// The first byte picks: a CSV of devices, or a trace of availability, repeated or not.
void read_sim_files(std::string_view input);
/// The first byte says whether the peer was admitted (bit 0) and how the stream is cut (the
/// others); the rest is what a peer sends.
void read_wire(std::string_view input);

}  // namespace lorafleet::fuzz
