/** The shapes that several components share. */
import type { RouteLocationRaw } from 'vue-router'

/** What a choice stands for. An empty text is a value like any other. */
export type OptionValue = string | number | boolean | null

export interface Option<Value extends OptionValue = OptionValue> {
  readonly value: Value
  readonly label: string
  readonly disabled?: boolean | undefined
}

export interface NavItem {
  readonly to: RouteLocationRaw
  readonly label: string
  /** A name of `icons.ts`; another text is shown as it is, so keep it to one character. */
  readonly icon?: string | undefined
}

export interface TabItem {
  readonly to: RouteLocationRaw
  readonly label: string
  readonly count?: number | string | undefined
}

export interface MenuItem {
  readonly label: string
  readonly to?: RouteLocationRaw | undefined
  readonly onSelect?: (() => unknown) | undefined
  readonly danger?: boolean | undefined
  readonly disabled?: boolean | undefined
}

export interface TableColumn {
  /** The property of a row, and the name of the slot: `cell-<key>`. */
  readonly key: string
  readonly label: string
  readonly align?: 'start' | 'center' | 'end' | undefined
  readonly sortable?: boolean | undefined
  /** A CSS width such as `8rem`. */
  readonly width?: string | undefined
}

export interface TableSort {
  readonly key: string
  readonly descending: boolean
}

export interface Pair {
  readonly label: string
  readonly value?: string | number | boolean | null | undefined
}

export interface Step {
  readonly label: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly detail?: string | undefined
  readonly durationMs?: number | undefined
}

export interface PlotPoint {
  readonly x: number | Date
  readonly y: number
}

export interface PlotSeries {
  readonly label: string
  readonly points: readonly PlotPoint[]
}

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info'
