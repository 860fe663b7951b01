#include "actors/coordinator/fold_figures.hpp"

#include <algorithm>

namespace lorafleet::actors {

std::optional<FoldFigures> fold_figures(const strategy::FoldReport& report) {
  if (report.cosines.empty()) return std::nullopt;
  FoldFigures figures;
  figures.reconstruction_error = report.reconstruction_error;
  figures.dropped_energy = report.dropped_energy;
  for (const auto& view : report.views)
    figures.views.emplace_back(view.rank, view.share);
  figures.effective_rank = report.effective_rank;
  for (const double cosine : report.cosines)
    figures.mean_cosine += cosine / static_cast<double>(report.cosines.size());
  figures.min_cosine = *std::min_element(report.cosines.begin(), report.cosines.end());
  figures.rank_collapse = report.rank_collapse;
  return figures;
}

}  // namespace lorafleet::actors
