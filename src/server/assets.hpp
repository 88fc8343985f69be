#pragma once

#include "base/asset.hpp"

namespace learndock::server {

/// The files of the page (src/web), and the description of the API.
extern const Asset kIndexHtml, kAppJs, kStyleCss, kFaviconSvg, kOpenapiJson;

}  // namespace learndock::server
