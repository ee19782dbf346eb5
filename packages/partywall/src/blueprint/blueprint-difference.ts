export interface BlueprintDifference {
  /** Such as `table`, `column`, `index`. */
  readonly kind: string
  /** The name in the schema. What belongs to a table has its name in front: `orders.total`. It is empty for the schema itself. */
  readonly name: string
  readonly change: 'missing' | 'extra' | 'changed'
  /** What is changed, as `Blueprint` calls it. Null when the whole object is missing or extra. */
  readonly property: string | null
  /** The value of the property, or the object; null when the object is extra. */
  readonly expected: unknown
  /** The value of the property, or the object; null when the object is missing. */
  readonly actual: unknown
  /** The difference in one sentence for people. */
  readonly sentence: string
}
