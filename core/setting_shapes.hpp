#pragma once

// What the texts among the settings have to look like.

#include "core/settings_table.hpp"

namespace greenroom::setting_shapes {

extern const setting_shape one_line;
extern const setting_shape address;
extern const setting_shape address_or_none;
extern const setting_shape origin;
extern const setting_shape cookie_name;
extern const setting_shape rights;
extern const setting_shape node_id;
extern const setting_shape prefix;

/// NAME of `namespaces.NAME.KEY`.
extern const setting_shape namespace_name;

} // namespace greenroom::setting_shapes
