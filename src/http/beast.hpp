#pragma once

// The one door to Boost.Beast's HTTP, for the client, which reads the heads of answers by it. The server has
// no use for it: requests are parsed once, by http_head.hpp and body_reader.hpp.
#include "http/asio.hpp"

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

namespace learndock {

namespace beast_http = boost::beast::http;

}  // namespace learndock
