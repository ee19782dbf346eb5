/** A connection without a binding: its statements run as they are, each in a transaction of its own unless they start one. */
import type { Queryable } from '../sql/statement.ts'

export interface PlainConnection extends Queryable {
  end(): Promise<void>
}
