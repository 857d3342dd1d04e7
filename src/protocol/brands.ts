// What a decoder's result may turn into, depending on how its reply was read: three brands, which `commands/types.ts`
// maps to what the caller sees through a view. They exist in types only; no value ever has these fields.

declare const BULK: unique symbol
declare const INT: unique symbol
declare const FIELDS: unique symbol

/** Stands for a string from the server: `string`, or `Buffer` under `with({ replies: 'buffer' })`. */
export interface Bulk {
  readonly [BULK]: true
}
/** Stands for an integer that may pass 2^53: `number`, or `bigint` under `with({ integers: 'bigint' })`. */
export interface Int {
  readonly [INT]: true
}
/** Stands for field-value pairs: a record without prototype, or `Map<Buffer, Buffer>` under `with({ replies: 'buffer' })`. */
export interface Fields {
  readonly [FIELDS]: true
}
