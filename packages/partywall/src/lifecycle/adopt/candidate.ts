/** One schema to adopt in place. */
export interface Candidate {
  readonly schema: string
  /** @default the schema */
  readonly name?: string | undefined
  /** The first one is primary. @default [] */
  readonly domains?: readonly string[] | undefined
  /** @default the kind of the call */
  readonly kind?: string | undefined
}
