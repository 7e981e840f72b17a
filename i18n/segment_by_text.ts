<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1">
<context>
    <name>BandChoice</name>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="30" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="31" />
        <source>As displayed</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="32" />
        <source>Chosen below</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Cards</name>
    <message>
        <location filename="../plugin/engine/cards.py" line="27" />
        <source>Open vocabulary: describe anything.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="30" />
        <source>Knows: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="40" />
        <source>{} and {:,} more</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="48" />
        <source>Ground resolution: {:g} to {:g} m per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="51" />
        <source>Languages: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="52" />
        <source>Licence: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="56" />
        <source>Its weights are not on this computer. Put {} into {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="71" />
        <source>This model is damaged, and is not offered anywhere.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="80" />
        <source>SHA-256 {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="90" />
        <source>Weights</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="91" />
        <source>Measured</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="105" />
        <source>CPU: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/cards.py" line="106" />
        <source>{}, {} GB</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Corrections</name>
    <message>
        <location filename="../plugin/map/corrections.py" line="84" />
        <source>The layer “{}” has no file that a training could read later. Export it first (right-click &gt; Export &gt; Save As…), segment the exported layer and correct that.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Curve</name>
    <message>
        <location filename="../plugin/finetune/pages/curve.py" line="95" />
        <source>{}: nothing yet</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/curve.py" line="98" />
        <source>{}: {:.3g} after step {}, {:.3g} after step {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/curve.py" line="104" />
        <source>Best: {:.3g} after step {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/curve.py" line="138" />
        <source>Nothing yet</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/curve.py" line="167" />
        <source>{} steps</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Destination</name>
    <message>
        <location filename="../plugin/processing/destination.py" line="78" />
        <source>{} is wanted for two outputs. Choose two names.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/destination.py" line="88" />
        <source>{} is read, and the output {} would replace it. Choose another name.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/destination.py" line="98" />
        <source>{} is not on a disk. Choose a file in a folder.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/destination.py" line="102" />
        <source>{} is a folder. Choose a file.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/destination.py" line="104" />
        <source>{} is a pipe or a device. Choose a file.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/destination.py" line="164" />
        <location filename="../plugin/processing/destination.py" line="111" />
        <source>{} cannot be written: {}. Choose another folder.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Dock</name>
    <message>
        <location filename="../plugin/dock/widget.py" line="118" />
        <source>Type what to find, for example: white storage tank.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="145" />
        <source>the large white storage tank</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="149" />
        <source>Polygons and mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="150" />
        <source>Polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="151" />
        <source>Mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="155" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="156" />
        <source>GPU (CUDA)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="157" />
        <source>CPU</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="235" />
        <source>Understood: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="245" />
        <source>The model knows none of these words. Use one it knows, or segment anyway.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="255" />
        <source>Start the en&amp;gine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="257" />
        <source>Se&amp;gment anyway</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="259" />
        <source>Se&amp;gment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="264" />
        <source>E&amp;nd it</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="264" />
        <source>Ca&amp;ncel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="326" />
        <source>Cancelling…</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Drawing</name>
    <message>
        <location filename="../plugin/map/drawing.py" line="121" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="123" />
        <source>Reading “{}”</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="157" />
        <source>The polygons of “{}” cannot be copied: {}. Check the space on the disk.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="179" />
        <source>Choose a polygon layer.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="182" />
        <source>The source of “{}” is not available. Repair the layer, or choose another.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="191" />
        <source>“{}” holds no polygons. Draw some, or choose another layer.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/drawing.py" line="193" />
        <source>Nothing is selected in the layer “{}”.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Engine</name>
    <message>
        <location filename="../plugin/engine/process.py" line="175" />
        <source>The engine did not stop within {} seconds and was ended.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/process.py" line="185" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/process.py" line="200" />
        <source>The engine is not installed. Install it from the Segment by Text panel.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/process.py" line="242" />
        <source>Install the engine, or choose another Python, in the Segment by Text panel.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/process.py" line="279" />
        <source>The engine has said nothing for a minute. It may be busy with something long, or hang. Wait, or end it.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Evaluate</name>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="47" />
        <source>Evaluate a model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="51" />
        <source>Models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="59" />
        <source>accuracy,quality,IoU,validation,metrics,measure,test</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="63" />
        <source>Measures how well a model finds what was drawn.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="67" />
        <source>Compares what a model finds with what was drawn: either on a raster and polygons with a column of names or sentences, or one name for all, or on samples that were made before (annotations.jsonl).

The report says it for each kind of expression and each category: mean IoU, overall IoU, and how often “there is nothing” is answered rightly. Its ending chooses the format: .json, .md, or .png for a sheet of the best and worst cases.

Polygons that a model has learned from say nothing about how well it works elsewhere.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="81" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="85" />
        <source>Or samples (annotations.jsonl)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="93" />
        <source>Which of the samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="101" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="108" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="112" />
        <source>Report</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="116" />
        <source>Mean IoU</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="117" />
        <source>Number of samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="126" />
        <source>Give either a raster layer with polygons, or samples.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="176" />
        <source>Mean IoU: {:.3f}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="200" />
        <source>There is no model “{}”.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/evaluate.py" line="217" />
        <source>A report cannot be written as {}. Choose a name that ends in {}.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Export</name>
    <message>
        <location filename="../plugin/map/export.py" line="126" />
        <source>the temporary file cannot be written</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="141" />
        <source>its colours cannot be read</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="149" />
        <source>it has no tiles there, or not so fine ones</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="168" />
        <source>its values cannot be read</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="185" />
        <source>Fetching “{}”: part {} of {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="199" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="202" />
        <source>it cannot be read here</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="210" />
        <source>the server did not give all of the image</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="213" />
        <source>the server gave nothing but zeros for a part of it</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="218" />
        <source>The layer “{}” could not be fetched whole: {}. Nothing was segmented. Try again, choose an extent that the layer covers, or a coarser ground resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="260" />
        <source>The layer “{}” has a colour table and no file the engine can open. Export it first (right-click &gt; Export &gt; Save As…) and segment the exported layer.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="268" />
        <source>This extent of “{}” has {} x {} pixels, too many to be fetched. Choose a smaller extent or a coarser ground resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="274" />
        <source>This extent of “{}” has {} x {} pixels, too many to be copied for the engine, which cannot open the layer's format. Choose a smaller extent, or save the layer as a GeoTIFF first.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/export.py" line="319" />
        <source>The layer “{}” has no CRS, so its size on the ground is not known. Set its CRS.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ExtentChoice</name>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="48" />
        <source>Map view</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="49" />
        <source>Whole layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="50" />
        <source>Drawn rectangle</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="51" />
        <source>Selected polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="79" />
        <source>Draw a rectangle on the map first.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Extents</name>
    <message>
        <location filename="../plugin/map/extents.py" line="62" />
        <source>Choose a polygon layer whose selection is the extent.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/extents.py" line="66" />
        <source>Nothing is selected in the layer “{}”. Select one or more of its polygons.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/extents.py" line="107" />
        <source>The extent does not meet the raster layer “{}”. Zoom to the layer, or choose another extent.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/extents.py" line="128" />
        <source>The extent cannot be transformed from {} to {}, the CRS of “{}”. Zoom in, or set the map to the CRS of the layer.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Finetune</name>
    <message>
        <location filename="../plugin/processing/finetune.py" line="47" />
        <source>Teach new words</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="51" />
        <source>Models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="59" />
        <source>fine-tuning,training,learning,adapter,LoRA,model,vocabulary</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="63" />
        <source>Teaches a model new words from a raster and polygons drawn on it.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="67" />
        <source>Teaches a model new words, or your own meaning of words, from a raster and polygons with a column of names or sentences, or one name for all. What comes of it stands in the list of models and is used as any other; the model it starts from stays as it is.

A training that was cancelled or interrupted goes on where it was when it is run again under the same id, with the samples and the settings it began with.

Everything is drawn: wherever the raster shows such a thing, it is drawn. Then the model also learns where there is none.

Teach new words… in the menu Raster &gt; Segment by Text does the same, shows the samples first and the curves while it works.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="85" />
        <source>Name of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="86" />
        <source>Model to start from</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="89" />
        <source>How thoroughly</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="98" />
        <source>Id of the model (made of its name if empty)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="100" />
        <source>Everything is drawn</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="102" />
        <source>Add sentences on place, order and size</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="106" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="113" />
        <source>Steps, instead of the preset's</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="116" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="121" />
        <source>Id of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="122" />
        <source>Card of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="124" />
        <source>Mean IoU on ground that is held out</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="132" />
        <source>Give the model a name of letters or an id, for example: ponds.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="159" />
        <source>Going on at step {:,} of {:,}, with the samples and settings it began with.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/finetune.py" line="247" />
        <source>“{}” is no model that can be taught. These can: {}.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>FinetuneDialog</name>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="158" />
        <source>These samples were made before your last change. Look again to use it.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="246" />
        <source>Measuring on your samples how long this takes. You need not wait for it.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="281" />
        <source>Samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="281" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="281" />
        <source>Training</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.py" line="289" />
        <source>Step {} of 3: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Teach new words</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Where you are</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Progress</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Ca&amp;ncel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Bac&amp;k</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Ne&amp;xt</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>&amp;Train</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Teach &amp;another</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>Close</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/dialog.ui" line="0" />
        <source>A training goes on</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Folders</name>
    <message>
        <location filename="../plugin/map/folders.py" line="43" />
        <source>The training folder {} cannot be written ({}). Choose another in the options of Segment by Text.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>InstallPanel</name>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="51" />
        <source>The engine is not installed</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="52" />
        <source>The engine cannot start</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="54" />
        <source>The models run in a Python of their own, apart from QGIS. Installing it downloads PyTorch and other libraries from the Python Package Index and takes up to {} GB in {}. Nothing else on this computer is changed; deleting that folder removes it.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="73" />
        <source>Cancelled. Installing again goes on from here.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="81" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="82" />
        <source>Looking whether {} can run the engine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="106" />
        <source>The engine is installed.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="115" />
        <source>Python (python.exe)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="116" />
        <source>A Python with the engine's requirements</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Installation</name>
    <message>
        <location filename="../plugin/engine/installation.py" line="60" />
        <source>The installation failed; the log messages panel has the details.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/installation.py" line="78" />
        <source>Looking at {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/installation.py" line="89" />
        <source>Installing the engine of Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Jobs</name>
    <message>
        <location filename="../plugin/finetune/jobs.py" line="131" />
        <source>There is a training with the id “{}” already. Go on with it, delete it, or choose another name. It lies in {}.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Labelled</name>
    <message>
        <location filename="../plugin/processing/labelled.py" line="32" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/labelled.py" line="36" />
        <source>Polygons drawn on it</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/labelled.py" line="42" />
        <source>Column that says what each polygon is</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/labelled.py" line="47" />
        <source>Or one name for all polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/labelled.py" line="59" />
        <source>Give either the column that says what each polygon is, or one name for all.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>LayerRow</name>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="59" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="62" />
        <source>Polygon layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="64" />
        <source>Column that says what the polygons are</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="66" />
        <source>One name for all polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="67" />
        <source>for example: fish pond</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="73" />
        <location filename="../plugin/finetune/pages/layer_row.py" line="72" />
        <source>Leave this layer out</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="108" />
        <source>Type what the polygons of “{}” are, for example: fish pond.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="126" />
        <source>&amp;Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="127" />
        <source>&amp;Polygon layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="128" />
        <source>What they &amp;are</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="149" />
        <source>Column: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/layer_row.py" line="155" />
        <source>One name for all</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Layers</name>
    <message>
        <location filename="../plugin/map/layers.py" line="54" />
        <source>There is no raster layer to segment. Add one, or choose it above.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/map/layers.py" line="58" />
        <source>The source of “{}” is not available. Repair the layer, or choose another.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="45" />
        <source>Polygons: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="46" />
        <source>Mask: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="47" />
        <source>Probability: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="64" />
        <source>Expression</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="65" />
        <source>Score (mean probability, 0 to 1)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="66" />
        <source>Area (m²)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="67" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="68" />
        <source>SHA-256 of the weights</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="69" />
        <source>Source raster</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="70" />
        <source>Ground resolution (m per pixel)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="71" />
        <source>Threshold (probability, 0 to 1)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/appearance.py" line="84" />
        <source>Segmented from {} with the model {} (weights {}) at a threshold of {} %.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/groups.py" line="166" />
        <source>“{}” is being edited. Save or discard the edits, then move the threshold.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/groups.py" line="252" />
        <source>{} (edited)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/switch.py" line="49" />
        <source>The result {} cannot be opened. Segment again.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/switch.py" line="93" />
        <source>The filter of “{}” was removed: it names objects by number, and these are others now.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/switch.py" line="100" />
        <source>The filter of “{}” was removed: it does not fit the new polygons.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/switch.py" line="108" />
        <source>“{}” is joined with “{}” by the numbers of its objects, which are others now.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ModelPage</name>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="101" />
        <source>Give the model a name, for example: Fish ponds.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="105" />
        <source>“{}” cannot be a model's id. Use up to 63 small letters, digits, - and _.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="112" />
        <source>There is a model “{}” already. Choose another name.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="115" />
        <source>There is no model that can be taught. Start the engine first.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="151" />
        <source>There is not enough free memory to teach this model here. Close other programs, or start from a smaller model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="169" />
        <source>Your own model; it is left as it is.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="182" />
        <source>{:.1f} GB</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="184" />
        <source>needs {} of memory</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="185" />
        <source>{}, {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="190" />
        <source>{:,} steps of {} views, {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="199" />
        <source>less than a minute</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="201" />
        <source>about {} min</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="204" />
        <source>about {:.1f} h</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.py" line="205" />
        <source>about {:.1f} days</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>&amp;Name of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Name of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>for example: Fish ponds</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>I&amp;d</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Id of the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>What scripts and files call it: small letters, digits, - and _</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>&amp;Start from</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Model to start from</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>How thoroughly</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>&amp;Quick look</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Shows whether the model can learn this at all.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Balan&amp;ced</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>What most models need.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>T&amp;horough</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>For many samples, or for words that are hard to tell apart.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>More</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>What it is &amp;good for</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>What the model is good for, in a sentence</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>A sentence for whoever uses it</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>&amp;Licence of your data</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Licence of your data</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Stands in the model's card, after the licence of the model it starts from</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>St&amp;eps</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>Steps of the training</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/model_page.ui" line="0" />
        <source>As chosen above</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ModelsDialog</name>
    <message>
        <location filename="../plugin/models/dialog.py" line="50" />
        <location filename="../plugin/models/dialog.py" line="46" />
        <source>Models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="52" />
        <source>About the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="54" />
        <source>&amp;Teach further…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="55" />
        <source>Teach new words to this model; it is left as it is</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="56" />
        <source>&amp;Import…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="57" />
        <source>Take a model out of a file that was exported</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="58" />
        <source>&amp;Export…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="59" />
        <source>Write this model of your own into a file</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="60" />
        <source>&amp;Delete…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="61" />
        <source>Delete this model of your own</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="63" />
        <source>How far the exchange is</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="64" />
        <source>&amp;Cancel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="65" />
        <source>Stop; nothing half done is left</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="114" />
        <source>{} (damaged)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="125" />
        <source>The engine is not running; start it from the panel.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="149" />
        <source>Export “{}”</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="160" />
        <location filename="../plugin/models/dialog.py" line="150" />
        <source>Models (*.zip)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="155" />
        <source>“{}” is written to {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="159" />
        <source>Import a model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="162" />
        <source>The model is imported.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="168" />
        <source>Delete the model “{}” from this computer?</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="170" />
        <source>“{}” is deleted.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="180" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Options</name>
    <message>
        <location filename="../plugin/options.py" line="31" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>OptionsPage</name>
    <message>
        <location filename="../plugin/options.py" line="48" />
        <source>Beside the project</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="50" />
        <source>Empty: beside the project, or in the user profile while it is not saved.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="55" />
        <source>In the user profile</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="57" />
        <source>Samples, trainings that can go on, and corrections. They may need gigabytes.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="62" />
        <source>The plugin's own</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="64" />
        <source>A Python with the engine's requirements. Used at the engine's next start.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="68" />
        <source>&amp;Results folder</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="69" />
        <source>&amp;Training folder</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="70" />
        <source>&amp;Python of the engine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="120" />
        <source>Looking whether it can run the engine…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="128" />
        <source>It can run the engine.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="141" />
        <source>The Python of the engine was not changed. {}</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Pictures</name>
    <message>
        <location filename="../plugin/finetune/pages/pictures.py" line="48" />
        <source>Double click or Enter: the picture as it is</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/pictures.py" line="68" />
        <source>Picture {} of {}</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>PlainLabel</name>
    <message>
        <location filename="../plugin/text/plain_label.py" line="30" />
        <source>Copy</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Processing</name>
    <message>
        <location filename="../plugin/processing/provider.py" line="30" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ProgressPage</name>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="65" />
        <source>Loss</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="66" />
        <source>Mean IoU on ground that is held out</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="160" />
        <source>Step {:,}: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="182" />
        <source>step {:,} of {:,}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="184" />
        <source>Saving what was learned…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="186" />
        <source>Making a model of the best…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="190" />
        <source>Done. The model stands in the list.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="192" />
        <source>Stopped at {}: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="194" />
        <source>Interrupted at {}; no finished part is lost.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="196" />
        <source>Paused at {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="204" />
        <source>Training: {}, {} left</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="205" />
        <source>Training: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="216" />
        <source>Delete what is left of this training? The model stays.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="218" />
        <source>Delete this training and what it has learned so far?</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="241" />
        <source>Nothing was held out, so the model could not be measured.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="244" />
        <source>Name or sentence</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="245" />
        <source>Samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="246" />
        <source>Mean IoU before</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="247" />
        <source>after</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.py" line="261" />
        <source>On what it knew before, its answers agree with the former ones: mean IoU {:.2f}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>&amp;Pause</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Save what was learned and stop; it can go on later, also after QGIS was closed</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>&amp;Go on</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Go on where the training stopped</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Stop and keep the &amp;best</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Make a model of the best that was reached so far</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>&amp;Delete…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Delete this training with its samples; a model that came of it stays</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>&amp;Use it now</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Choose this model in the Segment by Text panel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Progress of the training</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Go on with the &amp;learning rate</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Learning rate to go on with</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>As before</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>What the model knows, before and after</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>&amp;Examples of the last look: what is meant is outlined, the answer filled</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/progress_page.ui" line="0" />
        <source>Examples: what is meant is outlined, the answer filled</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>RasterFormat</name>
    <message>
        <location filename="../plugin/processing/raster_format.py" line="201" />
        <source>A raster named {} would not keep its values and its place. Choose a name with .tif.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Refinement</name>
    <message>
        <location filename="../plugin/dock/refinement.py" line="153" />
        <source>Refining</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Runs</name>
    <message>
        <location filename="../plugin/results/runs.py" line="129" />
        <source>it cannot be locked</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/results/runs.py" line="175" />
        <source>The results folder {} cannot be written ({}). Choose another in the options of Segment by Text.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>SampleReport</name>
    <message>
        <location filename="../plugin/finetune/report.py" line="42" />
        <source>{:,} of {:,} polygons are shown in {:,} samples on {:,} views.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="45" />
        <source>{:,} samples to learn from, {:,} held out to judge the model by.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="52" />
        <source>{:,} of them show nothing of what they ask for, on purpose.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="58" />
        <source>Ground resolution: {:.3g} m per pixel.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="68" />
        <source>Name or sentence</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="69" />
        <source>to learn from</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="70" />
        <source>held out</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="82" />
        <source>and {:,} more</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="92" />
        <source>{}: {:,} (ids {})</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/report.py" line="96" />
        <source>Left out</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>SamplesPage</name>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.py" line="110" />
        <source>{}: stopped by a problem</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.py" line="112" />
        <source>{}, step {:,} of {:,}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.py" line="142" />
        <source>{} ({:,}), {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.py" line="152" />
        <source>Delete this correction? The layers on the map stay.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>&amp;Trainings that can go on</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Trainings that can go on</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>S&amp;how</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Show this training: go on with it, finish it or delete it</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Add an&amp;other layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Samples may come from several rasters and polygon layers</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>&amp;Corrected results</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Delete the selected correction</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Corrected results</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Results that you put right and added to the training set. Those that are ticked are learned from.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>More</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>&amp;Everything is drawn</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Wherever the rasters show such a thing, it is drawn. Then the model also learns where there is none.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Add sentences on place, order and si&amp;ze</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Besides “fish pond” also “the largest fish pond”, “the fish pond at the lower left”, …</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Only the se&amp;lected polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Groun&amp;d resolution</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Of the samples. As in use: the one the model will see these rasters at.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>As in use</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source> m/px</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Loo&amp;k at the samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Cut the samples a model would learn from, and see whether they mean what you mean</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>&lt;h3&gt;Teach a model your own words&lt;/h3&gt;&lt;p&gt;1. Choose a raster and a layer of polygons, and what they are: a column of names or sentences, or one name for all.&lt;/p&gt;&lt;p&gt;2. Look at the samples: they should show what you mean.&lt;/p&gt;&lt;p&gt;3. Train. What comes of it stands among the models and works on the next map.&lt;/p&gt;&lt;p&gt;Some twenty objects a word are a beginning, some hundred are good. Nothing leaves this computer.&lt;/p&gt;</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>What the samples hold</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/pages/samples_page.ui" line="0" />
        <source>Samples, with what is meant outlined</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Segment</name>
    <message>
        <location filename="../plugin/processing/segment.py" line="69" />
        <source>Segment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="73" />
        <source>Segmentation</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="81" />
        <source>language,expression,object detection,deep learning,SAM,CLIP,extract,mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="86" />
        <source>Finds what a text describes in an image, as polygons and mask.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="90" />
        <source>Finds what a text describes, for example “the large white storage tank at the lower left”, in an aerial or satellite image.

The model runs on this computer, in a Python apart from QGIS; install it from the Segment by Text panel.

Threshold: pixels at least this probable are selected. The probability output holds round(254 · probability), 255 where there is no data, so other thresholds need no second run.

Ground resolution: what the model sees; by itself the raster's own, or the one the model was trained at where the raster is finer; of a raster without a CRS, how many metres a pixel has.

Outlines: exact, along the pixels; smooth, in straight lines; right angles, for buildings.

Every polygon has expression, score (mean probability), area in square metres, model, SHA-256 of the weights, source and resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="111" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="112" />
        <source>What to find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="113" />
        <source>Extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="114" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="116" />
        <source>Threshold (probability)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="122" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="129" />
        <source>Bands (one or three)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="132" />
        <source>Warp where only control points or RPC place the raster</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="136" />
        <source>Smallest polygon in square metres (pixels without a CRS)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="144" />
        <source>Outlines of polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="152" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="158" />
        <source>Polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="163" />
        <source>Mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="166" />
        <source>Probability</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="171" />
        <source>Number of objects</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="178" />
        <source>Type what to find, for example: white storage tank.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="181" />
        <source>Choose one or three bands, not {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="183" />
        <source>Choose at least one output: polygons, mask or probability.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="244" />
        <source>Objects found: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="294" />
        <source>The result {} cannot be opened.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>SegmentByTextDock</name>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&lt;b&gt;The engine is not installed&lt;/b&gt;</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Install the engine…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Use an existing P&amp;ython…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>A Python 3.10 or later with the engine's requirements</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>What to &amp;find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>What to find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Words that describe the objects, for example: the large white storage tank at the lower left. Enter segments.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Words that describe the objects. Enter segments.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>R&amp;aster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>E&amp;xtent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Draw a rectangle on the map</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Layer whose selected polygons are the extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>About the models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>O&amp;utput</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Output</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Threshold</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Threshold</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Pixels at least this probable are selected. Moving it changes the result named below at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Threshold in percent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> %</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>More</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Resolution</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>The resolution the model sees. Automatic: the raster's own, or the one the model was trained at where the raster is finer. Of a raster without a CRS: how many metres a pixel has.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> m/px</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Bands</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Bands</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Red</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for red</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Green</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for green</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Blue</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for blue</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Warp (GCP, RPC)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Warp where only control points place the raster</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>For rasters that only ground control points or rational polynomials (RPC) place: they are warped onto the CRS of the layer. Others are read as they are.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smallest</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smallest polygon in square metres</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smaller polygons are left out: square metres, or pixels where the layer has no CRS. Changing it after a run changes the result at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Any</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> m²</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Outlines</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Outlines of polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>How polygons are drawn. Changing it after a run changes the result at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Dev&amp;ice</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Se&amp;gment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Add to training set</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Correct the polygons with QGIS's tools first; a model of your own learns from them what is right. Teach new words… in the menu Raster &gt; Segment by Text.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Progress</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Ca&amp;ncel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Teach a model new words</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Options of Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Session</name>
    <message>
        <location filename="../plugin/dock/session.py" line="139" />
        <source>Starting the engine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="147" />
        <source>Models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="165" />
        <source>Reading the expression</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="236" />
        <source>Segmenting: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="259" />
        <source>The mask is written.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="263" />
        <source>Objects found: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="266" />
        <source>Objects found: {}, {} m² in all</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="282" />
        <source>Hint</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="328" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="330" />
        <source>The same request will go on from here.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="110" />
        <source>Making samples</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="117" />
        <source>Measuring how long a training takes here</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="161" />
        <source>Finishing: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="171" />
        <source>This training is running. Pause it first.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="199" />
        <source>Training: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/finetune/session.py" line="303" />
        <source>Look at the samples first.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ShapeChoice</name>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="26" />
        <source>Along the pixels</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="27" />
        <source>Straight lines</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="28" />
        <source>Right angles (buildings)</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Subject</name>
    <message>
        <location filename="../plugin/dock/subject.py" line="114" />
        <source>For the next run. The result “{}” stays as it is.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/subject.py" line="116" />
        <source>For the next run. The result “{}” has neither polygons nor mask now.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/subject.py" line="118" />
        <source>For the next run. The result “{}” cannot be changed: its probability.tif is gone.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/subject.py" line="122" />
        <source>Result: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/subject.py" line="124" />
        <source>Result: {} · objects: {:,}</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Tasks</name>
    <message>
        <location filename="../plugin/engine/tasks.py" line="94" />
        <source>The request failed; the log messages panel has the details.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine/tasks.py" line="111" />
        <source>The engine stopped. Your layers are untouched: click again to start it anew.

{}</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>TrainingSet</name>
    <message>
        <location filename="../plugin/dock/training_set.py" line="49" />
        <source>Added to the training set: “{}”, polygons: {:,}. Raster &gt; Segment by Text &gt; Teach new words… learns from it.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Window</name>
    <message>
        <location filename="../plugin/main.py" line="95" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/main.py" line="99" />
        <source>Segment a raster layer by a description</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/main.py" line="102" />
        <source>Teach new words…</source>
        <translation type="unfinished" />
    </message>
</context></TS>
