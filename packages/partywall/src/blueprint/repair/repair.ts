/** What a statement does besides what it is for. */
export type Hazard = 'locks the table' | 'rewrites the table' | 'loses rows' | 'scans the table' | 'blocks writes'

export interface Repair {
  /** The object, such as `column orders.total`. */
  readonly object: string
  /** SQL for a session whose search path is the schema of the tenant alone. Null where PostgreSQL has no statement that does it. */
  readonly statement: string | null
  readonly hazards: readonly Hazard[]
  /** It adds what is missing, and loses nothing: it may be done without a decision of a person. */
  readonly isAdditive: boolean
  /** It cannot run in a transaction. */
  readonly runsAlone: boolean
  /** What removes what the statement leaves when it fails. */
  readonly undo?: string
}

/** A repair whose object is known to its caller. */
export type Statement = Omit<Repair, 'object' | 'statement'> & { readonly statement: string }

export function additive(statement: string, ...hazards: readonly Hazard[]): Statement {
  return { statement, hazards, isAdditive: true, runsAlone: false }
}

export function decided(statement: string, ...hazards: readonly Hazard[]): Statement {
  return { statement, hazards, isAdditive: false, runsAlone: false }
}

/** Outside of a transaction. */
export function alone(statement: Statement, undo?: string): Statement {
  return { ...statement, runsAlone: true, ...(undo !== undefined && { undo }) }
}
