/** What a scenario tells. */
export interface Outcome {
  readonly tenants: number
  readonly rounds: number
  readonly ratios: Record<string, number>
  readonly spread: Record<string, [number, number]>
  readonly figures: Record<string, unknown>
}
