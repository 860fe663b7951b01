#pragma once

#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

/// The first rows of A and columns of B, as many as `layout` has, B times s / s_c, so that what is
/// left of the product counts as before. `global` itself where the layouts are equal.
model::AdapterPtr truncated_view(const model::AdapterPtr& global, const model::LayoutPtr& layout);

/// The opposite: zero rows and columns up to the ranks of `layout`, B times s_c / s.
model::Adapter padded(const model::Adapter& adapter, const model::LayoutPtr& layout);

}  // namespace lorafleet::strategy
