// Nothing in it is needed: see context.h.
#pragma once
