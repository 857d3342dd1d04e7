// The whole type algebra of the typed methods: two brands for what a view may change, one mapping that applies it.
import type { Bulk, Fields, Int } from '../protocol/brands.js'
import type { Command } from '../protocol/command.js'

// Declared a floor below, where the decoders are that return them.
export type { Bulk, Fields, Int }

/** A key: any bytes. Strings are sent as UTF-8. */
export type Key = string | Uint8Array
/** A value to store: text, bytes, or a number, which is sent in its shortest decimal form. */
export type Value = string | Uint8Array | number | bigint

/** What a view makes of the two brands. */
export interface View {
  bulk: string | Buffer
  int: number | bigint
}
export interface TextView {
  bulk: string
  int: number
}

/** A builder's result as seen through a view. */
export type As<T, V extends View> = T extends Bulk
  ? V['bulk']
  : T extends Int
    ? V['int']
    : T extends Fields
      ? FieldsOf<V['bulk']>
      : T extends Map<infer K, infer W>
        ? Map<As<K, V>, As<W, V>>
        : T extends Buffer | Date | Error
          ? T
          : T extends object
            ? { [P in keyof T]: As<T[P], V> }
            : T

// Over a bare parameter, so that a view of text or bytes gives the one or the other.
type FieldsOf<B> = B extends string ? Record<string, string> : Map<Buffer, Buffer>

// `never` parameters: a constraint that every builder meets, whatever it takes.
type Builder = (...args: never) => Command<unknown>

/** The methods a catalogue of builders becomes on a client: same parameters, a promise of the result. */
export type Methods<C, V extends View> = {
  [M in keyof C]: C[M] extends (...args: infer A) => Command<infer T>
    ? (...args: A) => Promise<As<T, V>>
    : never
}

export type Catalogue = Readonly<Record<string, Builder>>
