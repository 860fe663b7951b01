#include "model/text/pipeline/aligned_text.hpp"

namespace lorafleet::model {

Piece Piece::part(std::size_t begin, std::size_t end) const {
  return {text.substr(begin, end - begin), origins == nullptr ? nullptr : origins + begin,
          first && begin == 0};
}

AlignedText::AlignedText(std::string_view text, std::size_t begin, bool tracks)
    : text_(text), tracks_(tracks) {
  if (!tracks) return;
  origins_.reserve(text.size());
  for (std::size_t i = begin; i < begin + text.size(); ++i)
    origins_.push_back({i, i + 1});
}

AlignedText::AlignedText(const Piece& piece)
    : text_(piece.text), tracks_(piece.origins != nullptr) {
  if (tracks_) origins_.assign(piece.origins, piece.origins + piece.text.size());
}

Piece AlignedText::piece(bool first) const {
  return {text_, tracks_ ? origins_.data() : nullptr, first};
}

TextWriter::TextWriter(const Piece& source) : source_(source) {
  made_.tracks_ = source.origins != nullptr;
  made_.text_.reserve(source.text.size() + source.text.size() / 2);
}

void TextWriter::keep(std::size_t begin, std::size_t end) {
  made_.text_.append(source_.text, begin, end - begin);
  if (!made_.tracks_) return;
  made_.origins_.insert(made_.origins_.end(), source_.origins + begin, source_.origins + end);
}

void TextWriter::put(std::string_view text, std::size_t begin, std::size_t end) {
  made_.text_ += text;
  if (!made_.tracks_) return;
  TextSpan origin = {0, 0};
  if (begin < end) {
    origin = {source_.origins[begin].begin, source_.origins[end - 1].end};
  } else if (begin < source_.text.size()) {
    origin = {source_.origins[begin].begin, source_.origins[begin].begin};
  } else if (begin > 0) {
    origin = {source_.origins[begin - 1].end, source_.origins[begin - 1].end};
  }
  made_.origins_.insert(made_.origins_.end(), text.size(), origin);
}

}  // namespace lorafleet::model
