// What several scenes of a tab have in common, such as the prompt: typed in one of them, it is there in the next.

/** @type {Map<string, {scenes: Map<any, readonly string[]>, values: Record<string, any>}>} a scene → what it shares */
const families = new Map();

/**
 * Join the scenes of a tab.
 * @param {string} tab
 * @param {any} scene hears of what others choose by `scene.adopt(changes)`, also of what was chosen before it came
 * @param {readonly string[]} names what it has in common with others
 * @returns {(changes: Record<string, any>) => void} tells the others
 */
export function share(tab, scene, names) {
  const family = families.get(tab) ?? { scenes: new Map(), values: {} };
  families.set(tab, family);
  family.scenes.set(scene, names);
  scene.adopt(among(family.values, names));
  return (changes) => {
    const told = among(changes, names);
    Object.assign(family.values, told);
    for (const [other, theirs] of family.scenes) if (other !== scene) other.adopt(among(told, theirs));
  };
}

const among = (changes, names) => Object.fromEntries(Object.entries(changes).filter(([name]) => names.includes(name)));
