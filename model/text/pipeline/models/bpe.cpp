#include "model/text/pipeline/models/bpe.hpp"

namespace lorafleet::model {

Bpe::Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
         const std::vector<std::pair<std::string, std::int32_t>>& tokens, TokenIds words)
    : byte_ids_(byte_ids), merges_(merges) {
  std::vector<std::int32_t> ids;
  TokenSink sink(ids);
  for (const auto& [bytes, id] : tokens) {
    ids.clear();
    encode(bytes, sink);
    if (ids.size() == 1 && ids.front() == id) whole_.emplace(bytes, id);
  }
  words.merge(whole_);
  whole_ = std::move(words);
}

void Bpe::encode(std::string_view word, TokenSink& sink) const {
  if (const auto found = whole_.find(word); found != whole_.end()) {
    sink.add(found->second, word.size());
    return;
  }
  const auto fill = [&](MergeTable::Symbol* symbols) {
    for (std::size_t i = 0; i < word.size(); ++i)
      symbols[i] = {byte_ids_[static_cast<unsigned char>(word[i])], 1};
  };
  if (word.size() <= MergeTable::kShort) {
    std::array<MergeTable::Symbol, MergeTable::kShort> symbols;
    fill(symbols.data());
    merges_.merge({symbols.data(), word.size()}, sink);
  } else {
    std::vector<MergeTable::Symbol> symbols(word.size());
    fill(symbols.data());
    merges_.merge(symbols, sink);
  }
}

}  // namespace lorafleet::model
