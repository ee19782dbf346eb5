/** A text that is to be sent, with all that belongs to it. */
import type { CustomTypesConfig } from 'pg'
import { examine, type ExaminedText } from '../../sql/statement-facts.ts'
import type { QueryConfigLike } from './pg-internals.ts'
import { textOf } from './query-object.ts'

export interface OutgoingText {
  /** A text stays a text: node-postgres copies an object, which costs two microseconds. */
  readonly config: string | QueryConfigLike
  readonly values: readonly unknown[] | undefined
  /** The facts of the text, looked up once. */
  readonly examined: ExaminedText
  /** How values are read, where the config does not say it. */
  readonly types?: CustomTypesConfig | undefined
}

/** What a caller of `query` has passed. */
export function outgoing(config: string | QueryConfigLike, values: unknown, types?: CustomTypesConfig): OutgoingText {
  return {
    config,
    values: Array.isArray(values) ? values : undefined,
    examined: examine(textOf(config)),
    types,
  }
}
