/** The two of Protocol Buffers' well-known types that are used (google/protobuf/any.proto and wrappers.proto, BSD-3-Clause). */
export const WELL_KNOWN_PROTO = `
syntax = "proto3";
package google.protobuf;

message Any { string type_url = 1; bytes value = 2; }
message Int64Value { int64 value = 1; }
`;
