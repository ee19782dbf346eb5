/** Light, dark, or what the system says. Kept in this browser, set as `data-theme` on the document's root. */
import { ref, watchEffect } from 'vue'
import type { Ref } from 'vue'

export type Theme = 'system' | 'light' | 'dark'

const key = 'ui-theme'
const theme = ref<Theme>(stored())

// When the module loads, before anything is drawn: a page that is light for a moment hurts at night.
if (typeof document !== 'undefined') {
  watchEffect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme.value
  })
}

function stored(): Theme {
  try {
    const found = localStorage.getItem(key)
    return found === 'light' || found === 'dark' ? found : 'system'
  } catch {
    // A browser that keeps nothing for this page still shows it.
    return 'system'
  }
}

/**
 * The theme of the page, the same for all components.
 *
 * @example
 * const { theme, setTheme } = useTheme()
 * setTheme('dark')
 */
export function useTheme(): { readonly theme: Readonly<Ref<Theme>>; setTheme(next: Theme): void } {
  return {
    theme,
    setTheme(next) {
      theme.value = next
      try {
        if (next === 'system') localStorage.removeItem(key)
        else localStorage.setItem(key, next)
      } catch {
        // As above: the choice then lasts as long as the page.
      }
    },
  }
}
