/** A schema from which tenants are made. It is migrated with the tenants of its kind, and is none: nothing can enter it. */
export interface Template {
  /** A uuid that never changes. */
  readonly id: string
  readonly kind: string
  /** Null: it is the template of its kind. */
  readonly name: string | null
  readonly schema: string
  /** Seeds whose rows are among its own: they do not run in a tenant that is made from it. */
  readonly seeds: readonly CopiedSeed[]
  /** What was found when it was examined; undefined: it was not examined since it was made. */
  readonly examined?: Examined | undefined
  /** Why no tenant is made from it. */
  readonly unfit?: string | undefined
  readonly createdAt: Date
}

/** A seed that has run where rows were copied from. */
export interface CopiedSeed {
  readonly name: string
  /** The set that it belongs to; null for those of every new tenant. */
  readonly set: string | null
}

export interface Examined {
  /** The history that it had then. */
  readonly digest: string
  readonly fingerprint: string
  /** What read the structure. */
  readonly reader: string
  readonly contents: Contents
}

/** What a new tenant gets besides the structure. */
export interface Contents {
  /** Tables with rows, and a hash of the rows of each. */
  readonly tables: readonly { readonly name: string; readonly digest: string }[]
  /** Sequences that are not at their start. */
  readonly sequences: readonly string[]
}
