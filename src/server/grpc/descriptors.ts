import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { ProtoFile, Schema } from './schema.js';

/** Numbers of FieldDescriptorProto.Type. */
const SCALAR_TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const MESSAGE = 11;
const ENUM = 14;
const OPTIONAL = 1;
const REPEATED = 3;

type Message = Record<string, unknown>;

/** The bytes of a file's FileDescriptorProto, which is what reflection gives its clients. */
export function fileDescriptor({ root }: Schema, file: ProtoFile): Uint8Array {
  const members = root.lookup(file.package);
  if (!(members instanceof protobuf.Namespace)) throw new Error(`There is no package ${file.package}.`);
  const own = members.nestedArray;
  const value: Message = {
    name: file.name,
    package: file.package,
    dependency: file.imports,
    messageType: own.filter((member) => member instanceof protobuf.Type).map(messageDescriptor),
    enumType: own.filter((member) => member instanceof protobuf.Enum).map(enumDescriptor),
    service: own.filter((member) => member instanceof protobuf.Service).map(serviceDescriptor),
    syntax: 'proto3',
  };
  const type = descriptor.FileDescriptorProto;
  return type.encode(type.fromObject(value)).finish();
}

function messageDescriptor(type: protobuf.Type): Message {
  const oneofs = type.oneofsArray;
  const maps = type.fieldsArray.filter((field) => field instanceof protobuf.MapField);
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => fieldDescriptor(type, field, oneofs)),
    nestedType: [
      ...type.nestedArray.filter((member) => member instanceof protobuf.Type).map(messageDescriptor),
      ...maps.map(mapEntry),
    ],
    enumType: type.nestedArray.filter((member) => member instanceof protobuf.Enum).map(enumDescriptor),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
  };
}

function fieldDescriptor(
  owner: protobuf.Type,
  field: protobuf.Field,
  oneofs: readonly protobuf.OneOf[],
): Message {
  const base = { name: field.name, number: field.id };
  if (field instanceof protobuf.MapField) {
    return { ...base, label: REPEATED, type: MESSAGE, typeName: `${owner.fullName}.${entryName(field)}` };
  }
  const oneof = field.partOf === null ? {} : { oneofIndex: oneofs.indexOf(field.partOf) };
  return { ...base, label: field.repeated ? REPEATED : OPTIONAL, ...typeOf(field), ...oneof };
}

function typeOf({ type, resolvedType }: Pick<protobuf.FieldBase, 'type' | 'resolvedType'>): Message {
  if (resolvedType === null) return { type: SCALAR_TYPES[type] };
  return { type: resolvedType instanceof protobuf.Enum ? ENUM : MESSAGE, typeName: resolvedType.fullName };
}

/** A map field is a list of messages of key and value, called as protoc calls them: model_name → ModelNameEntry. */
function entryName({ name }: { readonly name: string }): string {
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Entry`;
}

function mapEntry(field: protobuf.MapField): Message {
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label: OPTIONAL, type: SCALAR_TYPES[field.keyType] },
      { name: 'value', number: 2, label: OPTIONAL, ...typeOf(field) },
    ],
    options: { mapEntry: true },
  };
}

function enumDescriptor({ name, values }: protobuf.Enum): Message {
  return { name, value: Object.entries(values).map(([key, number]) => ({ name: key, number })) };
}

function serviceDescriptor({ name, methodsArray }: protobuf.Service): Message {
  return {
    name,
    method: methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName,
      outputType: method.resolvedResponseType?.fullName,
      clientStreaming: method.requestStream === true,
      serverStreaming: method.responseStream === true,
    })),
  };
}
