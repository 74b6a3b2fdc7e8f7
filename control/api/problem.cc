#include "control/api/problem.h"

#include <utility>

#include <boost/json.hpp>

#include "control/json/text.h"

namespace teal::control {
namespace {

namespace json = boost::json;

json::object problem(const ApiError& error) {
  const std::string_view title =
      error.title.empty() ? status_title(error.status) : std::string_view(error.title);
  json::object out;
  out["type"] = error.type.empty() ? json::string("about:blank")  // RFC 9457 section 4.2.1
                                   : json::string("urn:teal:problem:" + error.type);
  out["title"] = json::string(title);
  out["status"] = error.status;
  out["detail"] = json::string(error.detail);
  out["remedy"] = json::string(error.remedy);
  return out;
}

ApiResponse respond(int status, const json::object& body) {
  ApiResponse response;
  response.status = status;
  response.content_type = kProblemJson;
  response.body = to_text(body) + "\n";
  return response;
}

}  // namespace

ApiResponse to_response(const ApiError& error) {
  return respond(error.status, problem(error));
}

ApiResponse to_response(const ApiError& error, const json::object& details) {
  json::object out = problem(error);
  for (const auto& [key, value] : details) out.emplace(key, value);
  return respond(error.status, out);
}

ApiResponse unknown_name(const ApiError& error, std::string_view list,
                         const std::vector<std::string>& names) {
  json::object out = problem(error);
  json::array known;
  for (const std::string& name : names) known.emplace_back(json::string(name));
  out[list] = std::move(known);
  return respond(error.status, out);
}

ApiResponse bad_body(const config::Problems& problems) {
  json::object out = problem({400, "invalid-body", "The request body is not valid",
                              std::to_string(problems.list.size()) +
                                  (problems.list.size() == 1 ? " problem" : " problems") +
                                  " in the body; nothing was changed",
                              "correct what `problems` lists and send it again"});
  json::array list;
  for (const config::Problem& one : problems.list) {
    json::object entry;
    entry["line"] = one.line;
    entry["column"] = one.column;
    entry["key"] = json::string(one.key);
    entry["message"] = json::string(one.message);
    entry["hint"] = json::string(one.hint);
    list.push_back(std::move(entry));
  }
  out["problems"] = std::move(list);
  return respond(400, out);
}

std::string_view status_title(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

}  // namespace teal::control
