#pragma once

#include "learndock/base/json.hpp"
#include "learndock/dock/disk_space.hpp"

#include "http/http_head.hpp"
#include "http/uri.hpp"
#include "io/file_handle.hpp"
#include "server/principal.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace learndock::server {

/// An upload in progress: a file in the dock's staging folder, removed when the request is over.
struct StagedFile {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  std::string sha256;
  dock::SpaceHold space;  ///< its bytes of the disk

  explicit StagedFile(dock::SpaceHold hold) : space(std::move(hold)) {}
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();
};

/// An id that no other request of this process has, nor likely one of another process.
[[nodiscard]] std::string next_request_id();

/// A request as handlers see it, body complete.
struct Request {
  http::RequestHead head;
  Principal principal;  ///< who sends it
  http::Target target;
  std::vector<std::string> parameters;  ///< values of the {} in the route's pattern
  std::string media;                    ///< media type of the body
  mutable std::string body;             ///< routes with a body in memory; a handler may free it early
  std::shared_ptr<StagedFile> staged;   ///< routes with a body in a file
  std::string id;                       ///< the id of this request
  /// When the last byte of the request had come: the time spent waiting for a worker counts from here. A body
  /// over a slow line has limits of its own.
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
};

/// Part of an open file as the body of an answer; the file may be unlinked meanwhile.
struct FileSlice {
  std::shared_ptr<const io::FileHandle> file;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  std::string sha256;     ///< of the slice, checked while it is sent; "" when only a part of the file is sent
  std::string learnware;  ///< whose package it is, for the log
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::optional<FileSlice> slice;  ///< instead of `body`
  /// Static bodies live in the program and are not copied.
  std::string_view fixed_body;

  Response& with(std::string name, std::string value) {
    fields.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  [[nodiscard]] std::string_view text() const {
    return fixed_body.empty() ? std::string_view(body) : fixed_body;
  }
  [[nodiscard]] std::uint64_t content_length() const { return slice ? slice->length : text().size(); }
};

/// The status line and header section, Content-Length and the headers every answer carries included. Field
/// values never break the line they are on.
[[nodiscard]] std::string head_text(const Response& response, std::string_view request_id, bool close);

[[nodiscard]] Response json_response(int status, const Json& json);
/// An Error as application/problem+json (RFC 9457).
[[nodiscard]] Response problem_response(const Error& error, std::string_view path,
                                        std::string_view request_id);

}  // namespace learndock::server
